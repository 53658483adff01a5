import { describe, expect, onTestFinished, test } from "vitest";
import { H2EngineNames } from "../../../src/transport/h2-acceptor.ts";
import { connectFields, headersFrame } from "../../support/raw-h2.ts";
import { Deviations, deviationFrom } from "./deviations.ts";
import { FrameRules } from "./frame-rules.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import { NextStream, openScene, type Scene } from "./scene.ts";
import { StateRules } from "./state-rules.ts";
import { bringTo, showItGoesOn, type StreamState } from "./stream-state.ts";

const Rules = [...StateRules, ...FrameRules];

/** What else must hold behind an outcome. */
async function showTheRest(outcome: Outcome, state: StreamState, scene: Scene): Promise<void> {
  await scene.far.roundTrip();
  if (outcome.type === "nothing") await showItGoesOn(state, scene);
  else await scene.near.until("the subject's end", () => scene.near.ending !== undefined);
  if (outcome.type === "connection error") {
    // A server may wait for this, so that its GOAWAY is read.
    scene.client.socket.end();
    const gone = (): boolean => scene.listening.closed.length === 1;
    return scene.listening.until("the end of one connection", gone);
  }
  await scene.neighbour.roundTrip();
  scene.client.send(headersFrame(NextStream, connectFields()));
  expect(await scene.client.status(NextStream)).toBe(200);
}

describe.each(H2EngineNames)("on a stream that the engine %s has accepted", (engine) => {
  test.each(Rules)("§$section, $state: $title", async (rule) => {
    const scene = await openScene(engine);
    onTestFinished(() => scene.close());
    await bringTo(rule.state, scene);
    const outcome = await outcomeOf(rule.frames, scene);
    const deviation = deviationFrom(rule, engine);
    expect(deviation === undefined ? rule.expected : [deviation.instead]).toContainEqual(outcome);
    await showTheRest(outcome, rule.state, scene);
    expect(scene.near.breaches).toEqual([]);
    expect(scene.listening.errors).toEqual([]);
  });
});

test("each deviation is from a rule that there is, and is not what the rule allows", () => {
  for (const deviation of Deviations) {
    const rules = Rules.filter((rule) => deviationFrom(rule, deviation.engine) === deviation);
    expect(rules).toHaveLength(1);
    expect(rules[0]?.expected).not.toContainEqual(deviation.instead);
  }
});
