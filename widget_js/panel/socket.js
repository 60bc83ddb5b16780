/*
 * The wire. Before every attempt, at the first word of a connection (from there on it misses nothing) and after every
 * gap it catches up, so that a socket that cannot open still leaves a working, slower chat. A link that says nothing for
 * about 25 s is dead: the desk beats every 12 s. Browsers differ by chance, so that they do not all come at once.
 */

const SILENCE = 22000 + 5000 * Math.random();
const LOOK = 2000;
const SPREAD = 3000;
const GAP = 15000;
const TROUBLE_AFTER = 2000;

class Wire {
  constructor(api, { isWanted, isWatched, catchUp, onFrame, onTrouble }) {
    Object.assign(this, { api, isWanted, isWatched, catchUp, onFrame, onTrouble });
    this.socket = null;
    this.connecting = false;
    this.isStranger = false;
    this.heardAt = 0;
    this.failures = 0;
    this.retry = null;
    this.alarm = null;
    this.worry = null;
    setInterval(() => this.watch(), LOOK);
    window.addEventListener("online", () => this.connect());
    window.addEventListener("pageshow", (event) => event.persisted && this.wake());
    document.addEventListener("resume", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    window.addEventListener("pagehide", () => this.drop());
  }

  /* Something happened that may have left us behind: look at once. */
  wake() {
    const isOpen = this.socket && this.silence() < GAP;
    if (isOpen) this.catchUp().catch(() => this.connect());
    else this.connect();
  }

  /* Every browser was told at the same moment. */
  wakeSoon() {
    setTimeout(() => this.wake(), SPREAD * Math.random());
  }

  async connect() {
    if (this.connecting || !(this.api.isKnown || this.isWanted())) return;
    clearTimeout(this.retry);
    this.drop();
    this.connecting = true;
    try {
      // Who has not written misses nothing before the first word of the socket.
      if (this.api.isKnown) await this.catchUp();
      if (this.isWanted()) this.open(await this.api.ticket());
      this.calm();
    } catch {
      this.worry ??= setTimeout(() => this.onTrouble(true), TROUBLE_AFTER);
      this.lose();
    } finally {
      this.connecting = false;
    }
  }

  /* Who has not written yet hears only what the desk offers. */
  open({ ticket, known }) {
    this.isStranger = !known;
    const socket = new WebSocket(this.api.socketAddress(ticket));
    let heard = false;
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onmessage = (event) => {
      this.heardAt = Date.now();
      if (!heard) this.wake();
      heard = true;
      // In the background a browser runs an interval once a minute, but a timer that a message has set in time.
      clearTimeout(this.alarm);
      this.alarm = setTimeout(() => this.watch(), SILENCE + 1);
      this.failures = 0;
      this.onFrame(JSON.parse(event.data));
    };
    socket.onclose = () => this.lose();
  }

  watch() {
    if (this.socket && this.silence() > SILENCE) this.connect();
  }

  /* By the time of day, not of timers: those stand still while a laptop sleeps. */
  silence() {
    return Math.abs(Date.now() - this.heardAt);
  }

  /* Try again soon; the pauses grow and differ between browsers, so that a restarted desk is not overrun. */
  lose() {
    this.drop();
    const longest = this.isWatched() ? 10000 : 30000;
    const pause = Math.min(1000 * 2 ** this.failures, longest) * (0.5 + Math.random());
    this.failures = Math.min(this.failures + 1, 6);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), pause);
  }

  calm() {
    clearTimeout(this.worry);
    this.worry = null;
    this.onTrouble(false);
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    this.isStranger = false;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
