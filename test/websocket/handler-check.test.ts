import { expect, test } from "vitest";
import { checkHandler } from "../../src/websocket/handler-check.ts";

const handlerWith = (name: string) => ({ [name]: () => undefined });

test.each([
  ["onmessage", "onMessage"],
  ["onMesage", "onMessage"],
  ["onMessages", "onMessage"],
  ["onMessgae", "onMessage"],
  ["onClosed", "onClose"],
  ["onEror", "onError"],
])("a handler's %s would never be called", (name, meant) => {
  expect(() => checkHandler(handlerWith(name), "handler")).toThrow(
    `handler.${name} is never called: did you mean ${meant}?`,
  );
});

test.each(["onPost", "onPoll", "onGone", "onPrint", "onPoint", "reOpen", "_onOpen", "doClose", "on"])(
  "a handler may have %s of its own",
  (name) => {
    expect(() => checkHandler(handlerWith(name), "handler")).not.toThrow();
  },
);
