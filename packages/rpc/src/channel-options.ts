/** Room for an archived message of 1 MiB with its envelope, and for a snapshot; more than this is asked for in parts. */
export const MAX_MESSAGE_BYTES: number = 8 * 1024 * 1024

/** Set explicitly on both ends: the library's defaults are no deadlines and no limits on streams. */
export const CHANNEL_OPTIONS: Readonly<Record<string, number>> = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': 256,
  // 64 KiB, the default, holds less than one page of a stream: reader and writer would wait for each other at every page.
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  // Half-open connections are noticed within 40 s.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
}
