"""A CLI that lies. The first argument is a JSON object of raw JSON texts, which are put into its lines as they are:
numbers that no JSON writer would write. The rest are the CLI's own arguments."""

import json
import os
import subprocess
import sys
import time

LIES = json.loads(sys.argv[1])
USAGE = '{"input_tokens":%s,"cache_creation_input_tokens":%s,"cache_read_input_tokens":%s,"output_tokens":%s,' \
        '"output_tokens_details":{"thinking_tokens":%s}}'


def raw(name, otherwise):
    return LIES.get(name, otherwise)


def say(line):
    os.write(1, (line.replace("SESSION", SESSION) + "\n").encode())


def event(text):
    say('{"type":"stream_event","event":' + text + ',"session_id":"SESSION","parent_tool_use_id":null}')


def leave_strays():
    """Two orphans in sessions of their own; one has no environment to be known by."""
    for environment in [{}, dict(os.environ)]:
        subprocess.run(["/bin/sh", "-c", f"/usr/bin/setsid /bin/sleep 303 & echo $! >> {LIES['pids']}"],
                       env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def turn():
    if "closes" in LIES:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        time.sleep(60)
    if "pids" in LIES:
        leave_strays()
    usage = USAGE % ((raw("tokens", "1"),) * 5)
    index = raw("index", "0")
    say('{"type":"system","subtype":"init","cwd":"/","session_id":"SESSION","tools":[],"model":"claude-liar"}')
    if "retry" in LIES:
        say('{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":%s,"error_status":%s,'
            '"session_id":"SESSION"}' % (LIES["retry"], raw("status", "529")))
    message = '{"id":"msg_1","type":"message","role":"assistant","model":"claude-liar","content":[%s],' \
              '"stop_reason":null,"usage":' + usage + "}"
    event('{"type":"message_start","message":' + message % "" + "}")
    event('{"type":"content_block_start","index":%s,"content_block":{"type":"text","text":""}}' % index)
    event('{"type":"content_block_delta","index":%s,"delta":{"type":"text_delta","text":"lie"}}' % index)
    say('{"type":"assistant","message":' + message % '{"type":"text","text":"lie"}' + ',"session_id":"SESSION"}')
    event('{"type":"content_block_stop","index":%s}' % index)
    event('{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":' + usage + "}")
    event('{"type":"message_stop"}')
    say('{"type":"result","subtype":"success","is_error":%s,"result":"lie","stop_reason":"end_turn","num_turns":%s,'
        '"duration_ms":%s,"total_cost_usd":%s,"usage":%s,"api_error_status":%s,"session_id":"SESSION"}'
        % (raw("failed", "false"), raw("turns", "1"), raw("duration", "1"), raw("cost", "0.5"), usage,
           raw("status", "null")))


NAMED = [argument.split("=", 1)[1] for argument in sys.argv if argument.startswith(("--session-id=", "--resume="))]
SESSION = NAMED[0] if NAMED else "00000000-0000-4000-8000-000000000000"

if "--version" in sys.argv:
    print("2.1.329 (Claude Code)")
    sys.exit()
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "control_request":
        say('{"type":"control_response","response":{"subtype":"success","request_id":%s,"response":{}}}'
            % json.dumps(message["request_id"]))
    elif message["type"] == "user":
        turn()
