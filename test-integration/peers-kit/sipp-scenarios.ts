/** Scenarios for sipp 3.6: what it sends and what it insists on. Placeholders in [] are sipp's own. */

export interface SippCaller {
  readonly from: string
  readonly to: string
}

/** MESSAGE in INVITE session: INVITE, ACK, MESSAGE and INFO inside the dialog, BYE; every answer has to be 200. */
export function callerScenario(who: SippCaller): string {
  const [, toDomain] = who.to.split('@') as [string, string]
  const request = (method: string, cseq: number, extra: string, body: string): string => `
  <send retrans="500"><![CDATA[
${method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
[routes]
From: <sip:${who.from}>;tag=[call_number]
To: <sip:${who.to}>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${cseq} ${method}
${extra}Content-Length: [len]

${body}]]></send>
  <recv response="100" optional="true"/>
  <recv response="200"/>`
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller to ${toDomain}">
  <send retrans="500"><![CDATA[
INVITE sip:${who.to} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:${who.from}>;tag=[call_number]
To: <sip:${who.to}>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 0 0 IN IP[local_ip_type] [local_ip]
s=session
c=IN IP[local_ip_type] [local_ip]
t=0 0
m=x-ms-message 5060 sip null
a=accept-types:text/plain
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true" rrs="true"/>
  <recv response="200" rrs="true"/>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
[routes]
From: <sip:${who.from}>;tag=[call_number]
To: <sip:${who.to}>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>${request('MESSAGE', 2, 'Content-Type: text/plain\n', 'hello from sipp, message [call_number]')}${request('INFO', 3, 'Content-Type: application/xml\n', '<?xml version="1.0"?><KeyboardActivity><status status="type" /></KeyboardActivity>')}${request('BYE', 4, '', '')}
</scenario>
`
}

/** The called side: takes an INVITE and then MESSAGE, INFO and BYE in this order inside the dialog. */
export function calledScenario(): string {
  const answer = (extra: string, body: string): string => `
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:]${extra.includes('Contact') ? ';tag=[call_number]' : ''}
[last_Call-ID:]
[last_CSeq:]
${extra}Content-Length: [len]

${body}]]></send>`
  const sdp = `v=0
o=- 0 0 IN IP[local_ip_type] [local_ip]
s=session
c=IN IP[local_ip_type] [local_ip]
t=0 0
m=x-ms-message 5060 sip null
a=accept-types:text/plain
`
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="called">
  <recv request="INVITE"/>${answer('Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>\nContent-Type: application/sdp\n', sdp)}
  <recv request="ACK"/>
  <recv request="MESSAGE"/>${answer('', '')}
  <recv request="INFO"/>${answer('', '')}
  <recv request="BYE"/>${answer('', '')}
</scenario>
`
}
