import { dismissNotice, showDetails, showFigures, showHeadline, showResult, showWords } from "./display.js";
import { element, write } from "./elements.js";
import { SocketGrid } from "./grid.js";
import { Plot } from "./plot.js";
import { Rope } from "./rope.js";
import { SocketFleet } from "./sockets.js";
import { quantile } from "./statistics.js";
import { summarize } from "./summary.js";
import { AcceptedHash, browserOf, wordsFor } from "./words.js";

const SampleMs = 500;
/** While WebSockets open, their number is shown this often: drawing more would slow down what it shows. */
const ShowAfterMs = 80;
/** A slider moved by keys changes at each key: what counts is where it comes to rest. */
const SliderRestMs = 350;
const GatewayAnswersWithinMs = 5_000;

/** The page: what its controls ask for, the fleet that does it, and all that shows how it goes. */
class Demo {
  #socketsSlider = element("sockets-slider", HTMLInputElement);
  #rateSlider = element("rate-slider", HTMLInputElement);
  #http2Toggle = element("http2-toggle", HTMLInputElement);
  #plot = new Plot(element("plot", HTMLCanvasElement));
  #rope = new Rope(element("rope", HTMLCanvasElement));
  #grid = new SocketGrid(element("grid", HTMLElement), () => this.#showDetails());
  #fleet = new SocketFleet(0, () => undefined);
  /** @type {"opening" | "settled"} */
  #phase = "opening";
  #running = false;
  #again = false;
  #pageOverHttp1 = isPageOverHttp1();
  /** Where the gateway serves the same without HTTP/2, once a backend has said it. @type {number | undefined} */
  #http1Port;
  #reachable = true;
  #wentToAccept = false;
  #dismissed = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #showTimer;

  start() {
    this.#http2Toggle.checked = !this.#pageOverHttp1;
    this.#listen();
    this.#grid.reset(this.#socketsSlider.valueAsNumber);
    this.#showControls();
    setInterval(() => this.#sample(), SampleMs);
    if (location.hash === AcceptedHash) {
      write("status", "The certificate of this port is accepted. Go back to the other tab: it tries again by itself.");
      element("status", HTMLElement).dataset.tone = "good";
    } else {
      void this.#reopen();
    }
  }

  /** @returns {import("./display.js").Side} */
  get #side() {
    return this.#http2Toggle.checked ? "on" : "off";
  }

  get #http1Origin() {
    return this.#pageOverHttp1 ? location.origin : `https://${location.hostname}:${this.#http1Port}`;
  }

  #listen() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let rest;
    this.#socketsSlider.addEventListener("input", () => {
      this.#showControls();
      clearTimeout(rest);
      rest = setTimeout(() => void this.#reopen(), SliderRestMs);
    });
    this.#rateSlider.addEventListener("input", () => {
      this.#showControls();
      if (this.#phase === "settled") this.#fleet.send(this.#rateSlider.valueAsNumber);
    });
    this.#http2Toggle.addEventListener("change", () => void this.#reopen());
    for (const id of ["reopen-button", "notice-reopen"]) {
      element(id, HTMLButtonElement).addEventListener("click", () => void this.#reopen());
    }
    element("notice-close", HTMLButtonElement).addEventListener("click", () => (this.#dismissed = dismissNotice()));
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#dismissed = dismissNotice();
    });
    element("notice-link", HTMLAnchorElement).addEventListener("click", () => (this.#wentToAccept = true));
    window.addEventListener("focus", () => this.#wentToAccept && void this.#reopen());
  }

  /** Closes what is open and opens what the controls ask for; once more, if they ask for something else meanwhile. */
  async #reopen() {
    this.#again = true;
    if (this.#running) {
      void this.#fleet.close();
      return;
    }
    this.#running = true;
    while (this.#again) {
      this.#again = false;
      await this.#openOnce();
    }
    this.#running = false;
  }

  async #openOnce() {
    this.#phase = "opening";
    this.#wentToAccept = false;
    this.#dismissed = "";
    this.#show();
    await this.#fleet.close();
    const origin = this.#side === "on" ? location.origin : this.#http1Origin;
    const count = this.#socketsSlider.valueAsNumber;
    const fleet = new SocketFleet(count, (view) => {
      this.#grid.update(view);
      this.#showTimer ??= setTimeout(() => this.#show(), ShowAfterMs);
    });
    this.#fleet = fleet;
    this.#grid.reset(count);
    // A browser opens WebSockets over HTTP/2 only on a connection that is there: this request makes sure that one is.
    this.#reachable = await answersRequests();
    if (!this.#again) await fleet.open(`${origin.replace("http", "ws")}/ws`);
    if (this.#again) return;
    this.#http1Port = fleet.http1Port ?? this.#http1Port;
    this.#phase = "settled";
    fleet.send(this.#rateSlider.valueAsNumber);
    this.#showControls();
    this.#show();
    this.#sample();
  }

  #showControls() {
    write("sockets-output", this.#socketsSlider.value);
    write("rate-output", this.#rateSlider.value);
    for (const slider of [this.#socketsSlider, this.#rateSlider]) {
      const [min, max] = [Number(slider.min), Number(slider.max)];
      slider.style.setProperty("--fill", `${((slider.valueAsNumber - min) / (max - min)) * 100}%`);
    }
    const heardHello = this.#fleet.views.some(({ state }) => state === "open");
    this.#http2Toggle.disabled = this.#pageOverHttp1 || this.#http1Port === undefined;
    if (this.#pageOverHttp1) write("http2-hint", "not at this address");
    else if (heardHello && this.#http1Port === undefined) write("http2-hint", "no port without it");
  }

  /** Shows the state of all WebSockets together: the headline, the picture, the words. */
  #show() {
    clearTimeout(this.#showTimer);
    this.#showTimer = undefined;
    const summary = summarize(this.#fleet.views);
    const isOpening = this.#phase === "opening";
    const wanted = isOpening ? this.#socketsSlider.valueAsNumber : this.#fleet.views.length;
    const looks = summary.overHttp2 || (summary.open === 0 && this.#side === "on") ? "on" : "off";
    showHeadline(summary, { atMost: isOpening ? wanted : summary.open, looks });
    this.#rope.show(summary.strands, looks);
    const words = wordsFor({
      ...summary,
      phase: this.#phase,
      wanted,
      openMs: this.#fleet.openMs,
      side: this.#side,
      pageOverHttp1: this.#pageOverHttp1,
      reachable: this.#reachable,
      http1Origin: this.#http1Origin,
      browser: browserOf(navigator.userAgent),
    });
    showWords(words, this.#dismissed);
    const { open, connections } = summary;
    Object.assign(document.documentElement.dataset, { state: words.state, open, connections });
  }

  /** Reads what has been measured since the last time, and shows it. */
  #sample() {
    const nowMs = performance.now();
    const { views, answers, openMs, roundTrips } = this.#fleet;
    const side = this.#side;
    const rate = answers.read(nowMs);
    const summary = summarize(views);
    const measuring = this.#phase === "settled" && summary.open > 0;
    this.#plot.advance(nowMs, measuring ? { atMs: nowMs, value: rate, side } : undefined);
    this.#showDetails();
    if (!measuring) return showFigures(undefined);
    const [medianMs, p99Ms] = [quantile(roundTrips.values, 0.5), quantile(roundTrips.values, 0.99)];
    const result = { summary, openMs, medianMs, p99Ms, rate };
    showFigures(result);
    showResult(side, result);
    this.#grid.color(views);
  }

  #showDetails() {
    showDetails(this.#grid.shown, this.#fleet.views[this.#grid.shown]);
  }
}

/** Whether the page came from a listener without HTTP/2: then its WebSockets have no other way either. */
function isPageOverHttp1() {
  const [navigation] = performance.getEntriesByType("navigation");
  return navigation instanceof PerformanceNavigationTiming && navigation.nextHopProtocol === "http/1.1";
}

/** Whether the gateway answers an ordinary request. */
async function answersRequests() {
  try {
    const signal = AbortSignal.timeout(GatewayAnswersWithinMs);
    return (await fetch("favicon.svg", { method: "HEAD", cache: "no-store", signal })).ok;
  } catch {
    return false;
  }
}

new Demo().start();
