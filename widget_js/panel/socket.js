/*
 * The wire. Before every attempt, on every connection and after every gap it catches up, so that a socket that cannot
 * open still leaves a working, slower chat. A link that says nothing for 25 s is dead: the desk beats every 12 s.
 */

const SILENCE = 25000;
const GAP = 15000;
const TROUBLE_AFTER = 2000;

class Wire {
  constructor(api, { isWanted, isWatched, catchUp, onFrame, onTrouble }) {
    Object.assign(this, { api, isWanted, isWatched, catchUp, onFrame, onTrouble });
    this.socket = null;
    this.connecting = false;
    this.heardAt = 0;
    this.failures = 0;
    this.retry = null;
    this.worry = null;
    setInterval(() => this.watch(), 5000);
    window.addEventListener("online", () => this.connect());
    window.addEventListener("pageshow", (event) => event.persisted && this.wake());
    document.addEventListener("resume", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    window.addEventListener("pagehide", () => this.drop());
  }

  /* Something happened that may have left us behind: look at once. */
  wake() {
    const isOpen = this.socket && Date.now() - this.heardAt < GAP;
    if (isOpen) this.catchUp().catch(() => this.connect());
    else this.connect();
  }

  async connect() {
    if (this.connecting || !this.api.isKnown) return;
    clearTimeout(this.retry);
    this.drop();
    this.connecting = true;
    try {
      await this.catchUp();
      this.calm();
      if (this.isWanted()) this.open((await this.api.ticket()).ticket);
    } catch {
      this.worry ??= setTimeout(() => this.onTrouble(true), TROUBLE_AFTER);
      this.lose();
    } finally {
      this.connecting = false;
    }
  }

  open(ticket) {
    const socket = new WebSocket(this.api.socketAddress(ticket));
    let heard = false;
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onopen = () => this.wake();
    socket.onmessage = (event) => {
      if (!heard) this.wake();
      heard = true;
      this.heardAt = Date.now();
      this.failures = 0;
      this.onFrame(JSON.parse(event.data));
    };
    socket.onclose = () => this.lose();
  }

  watch() {
    if (this.socket && Date.now() - this.heardAt > SILENCE) this.connect();
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
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
