"""The `inbound` scenario on RoomKit: rooms with three hooks, a router, one agent and one transport.

Reads one line per round from standard input (`<rooms> <messages per room>`) and answers with one line of JSON.
"""

import asyncio
import json
import logging
import sys
import time

from roomkit import (
    AIChannel,
    ChannelCategory,
    ConversationRouter,
    HookResult,
    HookTrigger,
    InboundMessage,
    RoomKit,
    RoutingConditions,
    RoutingRule,
    TextContent,
    WebSocketChannel,
)
from roomkit.providers.ai.mock import MockAIProvider

logging.disable(logging.CRITICAL)


async def discard(_connection: str, _event: object) -> None:
    return None


async def build(rooms: int) -> tuple[RoomKit, list[str]]:
    kit = RoomKit()
    for number in range(3):

        @kit.hook(HookTrigger.BEFORE_BROADCAST, name=f"hook-{number}")
        async def pass_on(_event, _context):
            return HookResult.allow()

    router = ConversationRouter(rules=[RoutingRule(agent_id="bot", conditions=RoutingConditions())], default_agent_id="bot")
    kit.hook(HookTrigger.BEFORE_BROADCAST, name="router", priority=-100)(router.as_hook())
    kit.register_channel(AIChannel("bot", provider=MockAIProvider(responses=["ok"])))
    ids = []
    for number in range(rooms):
        web = WebSocketChannel(f"web-{number}")
        kit.register_channel(web)
        room = await kit.create_room(room_id=f"room-{number}")
        web.register_connection(f"c{number}", discard, room_id=room.id)
        await kit.attach_channel(room.id, web.channel_id)
        await kit.attach_channel(room.id, "bot", category=ChannelCategory.INTELLIGENCE)
        ids.append(room.id)
    return kit, ids


async def talk(kit: RoomKit, number: int, messages: int) -> None:
    for _ in range(messages):
        result = await kit.process_inbound(
            InboundMessage(channel_id=f"web-{number}", sender_id="ada", content=TextContent(body="hi"))
        )
        assert not result.blocked, result.reason


async def main() -> None:
    for line in sys.stdin:
        rooms, messages = (int(part) for part in line.split())
        kit, ids = await build(rooms)
        await asyncio.gather(*(talk(kit, number, 2) for number in range(rooms)))
        started = time.perf_counter()
        await asyncio.gather(*(talk(kit, number, messages) for number in range(rooms)))
        seconds = time.perf_counter() - started
        events = await kit.store.get_event_count(ids[0]) if hasattr(kit.store, "get_event_count") else None
        print(json.dumps({"perSecond": rooms * messages / seconds, "eventsInRoom": events}), flush=True)
        await kit.close()


asyncio.run(main())
