// Times as people say them, by the server's clock and in the reader's zone; exact on hover. <time data-time> says how:
// "ago": now, 3 min, 2 hr, then the date; "since": the same within a sentence, "3 min. ago"; "wait": counting seconds;
// "clock": 10:02 (days.js names the day); "date": the day alone; "exact": day and time.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const lang = document.documentElement.lang || undefined;
  const MINUTE = 60;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  const CALM_SECONDS = 20; // how often times that show no seconds are written anew

  const unit = (name, width) => new Intl.NumberFormat(lang, { style: "unit", unit: name, unitDisplay: width });
  const units = (width) => Object.fromEntries(["second", "minute", "hour"].map((name) => [name, unit(name, width)]));
  const brief = units("narrow");
  const plain = units("short");
  const justNow = new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(0, "second");
  const past = new Intl.RelativeTimeFormat(lang, { style: "short" });
  const date = (more) => new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", ...more });
  const dates = { near: date({}), far: date({ year: "numeric" }) };
  const clock = new Intl.DateTimeFormat(lang, { timeStyle: "short" });
  const exact = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium" });

  // Measured when the first byte came, not when the scripts ran.
  const [visit] = performance.getEntriesByType("navigation");
  const cameAt = performance.timeOrigin + ((visit && visit.responseStart) || performance.now());
  let offset = Date.parse(document.body.dataset.now) - cameAt || 0;

  /** The server's time in milliseconds. */
  deskbell.now = () => Date.now() + offset;

  /** Corrects the clock by an answer's Date header (whole seconds): the computer's time may have been changed. */
  deskbell.setClock = (date) => {
    const error = Date.parse(date) - deskbell.now();
    if (Math.abs(error) > 3000) offset += error;
  };

  function age(seconds, names) {
    if (seconds < MINUTE) return names.second.format(Math.max(0, Math.floor(seconds)));
    if (seconds < HOUR) return names.minute.format(Math.floor(seconds / MINUTE));
    return names.hour.format(Math.floor(seconds / HOUR));
  }

  function since(seconds) {
    const [length, name] = seconds < HOUR ? [MINUTE, "minute"] : [HOUR, "hour"];
    return past.format(-Math.floor(seconds / length), name);
  }

  function onDate(moment) {
    const isThisYear = new Date(moment).getFullYear() === new Date(deskbell.now()).getFullYear();
    return (isThisYear ? dates.near : dates.far).format(moment);
  }

  function inWords(moment, how) {
    if (how === "clock") return clock.format(moment);
    if (how === "date") return onDate(moment);
    if (how === "exact") return exact.format(moment);
    const seconds = (deskbell.now() - moment) / 1000;
    if (seconds >= DAY) return onDate(moment);
    if (how === "wait") return age(seconds, brief);
    if (seconds < MINUTE) return justNow;
    return how === "since" ? since(seconds) : age(seconds, plain);
  }

  function write(time) {
    const moment = Date.parse(time.dateTime);
    if (Number.isNaN(moment)) return;
    const words = inWords(moment, time.dataset.time);
    if (time.textContent !== words) time.textContent = words;
    if (time.title) return;
    time.title = exact.format(moment);
    time.setAttribute("aria-live", "off"); // a ticking time inside the log is not news
  }

  const writeAll = (selector) => document.querySelectorAll(selector).forEach(write);

  let ticks = 0;
  let timer = 0;

  function tick() {
    writeAll(ticks % CALM_SECONDS ? 'time[data-time="wait"]' : "time[datetime]");
    ticks += 1;
    document.dispatchEvent(new CustomEvent("deskbell:tick"));
  }

  function run() {
    clearInterval(timer);
    if (document.hidden) return;
    ticks = 0;
    tick();
    timer = setInterval(tick, 1000);
  }

  document.addEventListener("visibilitychange", run);
  document.addEventListener("htmx:after:swap", () => writeAll("time[datetime]:not([title])"));
  document.addEventListener("DOMContentLoaded", run);
})();
