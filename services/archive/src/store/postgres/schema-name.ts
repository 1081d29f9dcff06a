/** In a schema of its own, so that the database may be shared. */
export const POSTGRES_SCHEMA = 'gatehouse_archive'
