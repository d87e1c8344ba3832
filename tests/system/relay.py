"""A relay that takes its time, for tests of what happens when the daemon dies while it speaks to one.

usage: relay.py PORT_FILE MAILDIR SECONDS

Listens on a free port of the loopback, writes its number to PORT_FILE, and keeps each message in MAILDIR/new before it
says 250 to it, SECONDS after the message was whole. A conversation that breaks off before the final dot leaves nothing.
Standard library only.
"""

import asyncio
import itertools
import os
import pathlib
import sys

numbers = itertools.count(1)


async def converse(reader, writer, maildir, seconds):
    async def say(text):
        writer.write(text.encode() + b"\r\n")
        await writer.drain()

    await say("220 relay.example.org ESMTP")
    while line := await reader.readline():
        word = line[:4].upper().strip()
        if word == b"EHLO":
            await say("250-relay.example.org\r\n250-8BITMIME\r\n250 SMTPUTF8")
        elif word == b"DATA":
            await say("354 go on")
            await keep(reader, maildir)
            await asyncio.sleep(seconds)
            await say("250 2.0.0 taken")
        elif word == b"QUIT":
            await say("221 bye")
            break
        else:
            await say("250 ok")


async def keep(reader, maildir):
    lines = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionResetError("the message broke off")
        lines.append(line[1:] if line.startswith(b"..") else line)
    name = f"{next(numbers):06}"
    draft = maildir / "tmp" / name
    draft.write_bytes(b"".join(lines))
    draft.rename(maildir / "new" / name)


async def serve(port_file, maildir, seconds):
    for folder in ("tmp", "new", "cur"):
        (maildir / folder).mkdir(parents=True, exist_ok=True)

    async def client(reader, writer):
        try:
            await converse(reader, writer, maildir, seconds)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0, limit=1 << 20)
    port_file.with_suffix(".part").write_text(str(server.sockets[0].getsockname()[1]))
    os.rename(port_file.with_suffix(".part"), port_file)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), float(sys.argv[3])))
