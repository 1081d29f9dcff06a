"""An XMPP user for the tests, on slixmpp: commands as JSON lines on standard input, what happens as JSON lines on standard output."""

import asyncio
import json
import sys
import xml.etree.ElementTree as ET

import slixmpp


def tell(**facts):
    print(json.dumps(facts), flush=True)


class User(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        for plugin in ("xep_0030", "xep_0199"):
            self.register_plugin(plugin)
        self.auto_authorize = None
        self.auto_subscribe = False
        self["feature_mechanisms"].unencrypted_plain = True
        self["feature_mechanisms"].unencrypted_scram = True
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("failed_auth", lambda _: tell(event="refused"))
        self.add_event_handler("disconnected", lambda _: tell(event="disconnected"))
        for name in ("message", "presence"):
            matcher = slixmpp.xmlstream.matcher.MatchXPath("{jabber:client}%s" % name)
            self.register_handler(slixmpp.xmlstream.handler.Callback("raw " + name, matcher, self.on_stanza))

    async def on_start(self, _):
        self.send_presence()
        await self.get_roster()
        tell(event="ready", jid=self.boundjid.full)

    def on_stanza(self, stanza):
        element = stanza.xml
        body = element.find("{jabber:client}body")
        tell(
            event=element.tag.split("}")[1],
            type=element.get("type", ""),
            **{"from": element.get("from", "")},
            id=element.get("id", ""),
            body=body.text if body is not None else "",
            xml=ET.tostring(element, encoding="unicode"),
        )

    async def serve(self):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            self.send_raw(json.loads(line)["xml"])


def main():
    _, jid, password, host, port = sys.argv
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    user = User(jid, password)
    user.connect((host, int(port)), disable_starttls=True, force_starttls=False)
    # Kept: the loop itself holds tasks weakly only.
    serving = loop.create_task(user.serve())
    loop.run_until_complete(serving)


main()
