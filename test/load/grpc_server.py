#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A gRPC server of the real library (Debian's python3-grpcio), without generated code: messages are bytes. grpc_server.py [CERT KEY]
Prints its port; at the end of its input it prints what it saw, as JSON. A call of Put brings its message as JSON, too, in base64 in the header
x-json: it is refused when the library (Debian's python3-protobuf) makes another message of that."""
import base64, concurrent.futures, json, pathlib, sys, threading
import grpc
from google.protobuf import descriptor_pb2, json_format, message_factory

seen, lock = {"calls": 0, "bytes": 0, "remaining": [], "agents": []}, threading.Lock()


def note(request, context):
    with lock:
        seen["calls"] += 1
        seen["bytes"] += len(request)
        seen["remaining"].append(round(context.time_remaining(), 3))
        agent = dict(context.invocation_metadata()).get("user-agent", "")
        if agent not in seen["agents"]:
            seen["agents"].append(agent)


def say(request, context):
    note(request, context)
    return request


def shop_types():
    files = descriptor_pb2.FileDescriptorSet.FromString((pathlib.Path(__file__).parent.parent / "proto/shop.pb").read_bytes()).file
    return message_factory.GetMessages(files)


def put(request, context):
    note(request, context)
    item = shop["shop.Item"]
    text = base64.b64decode(dict(context.invocation_metadata())["x-json"]).decode()
    wanted, got = json_format.Parse(text, item()), item.FromString(request)
    if got.SerializeToString(deterministic=True) != wanted.SerializeToString(deterministic=True):  # NaN is not equal to itself
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{got} instead of {wanted}")
    return request


def fail(request, context):
    note(request, context)
    context.abort(grpc.StatusCode.NOT_FOUND, "no cart of that name: é")


def sleep(request, context):
    note(request, context)
    over = threading.Event()
    context.add_callback(over.set)
    over.wait(10)
    return request


handlers = {name: grpc.unary_unary_rpc_method_handler(call) for name, call in (("Say", say), ("Fail", fail), ("Sleep", sleep), ("Put", put))}
shop = shop_types()
server = grpc.server(concurrent.futures.ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Cart", handlers),))
if len(sys.argv) > 2:
    credentials = grpc.ssl_server_credentials([(open(sys.argv[2], "rb").read(), open(sys.argv[1], "rb").read())])
    print(server.add_secure_port("127.0.0.1:0", credentials), flush=True)
else:
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(0.5).wait()
print(json.dumps(seen), flush=True)
