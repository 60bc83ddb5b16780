/*
 * What the visitor wrote and the desk may not have yet: sent in order, one at a time, under an id made here, so that
 * trying again can never double it. Words outlive the page; files cannot, and their loss is said.
 */

const PAUSES = [1000, 2000, 4000, 8000, 15000, 30000];
const LATE_AFTER = 3;
const UPLOADS_END = 600000;

class Outbox {
  constructor(storage, api, tab, { onChange, onDelivered }) {
    this.storage = storage;
    this.api = api;
    this.tab = tab;
    this.onChange = onChange;
    this.onDelivered = onDelivered;
    this.items = [];
    this.files = new Map();
    this.sending = false;
    this.timer = null;
  }

  add(words) {
    const item = { id: randomWord(16), at: Date.now(), tab: this.tab, failures: 0, problem: null, ...words };
    this.files.set(item.id, words.files);
    item.files = words.files.map((file) => file.name);
    this.storage.setJson(`out:${item.id}`, item);
    this.items.push(item);
    this.onChange();
    this.send();
  }

  /* Take over what an earlier page, or a tab that is gone, could not finish. */
  adopt() {
    const known = new Set(this.items.map((item) => item.id));
    const stored = this.storage.names("out:").map((name) => this.storage.getJson(name));
    for (const item of stored) {
      if (item && !known.has(item.id) && !this.isUploadedElsewhere(item)) this.items.push(item);
    }
    this.items.sort((one, other) => one.at - other.at);
    this.send();
  }

  isUploadedElsewhere(item) {
    return item.files.length > 0 && item.tab !== this.tab && Date.now() - item.at < UPLOADS_END;
  }

  /* The desk has it, says an answer, a catch-up or another tab. */
  settle(id) {
    const count = this.items.length;
    this.items = this.items.filter((item) => item.id !== id);
    if (this.items.length === count) return;
    this.files.delete(id);
    this.storage.remove(`out:${id}`);
  }

  again(id) {
    const item = this.items.find((one) => one.id === id);
    if (!item) return;
    item.problem = null;
    item.failures = 0;
    this.onChange();
    this.send();
  }

  discard(id) {
    this.settle(id);
    this.onChange();
  }

  /* Send what waits, now. */
  async send() {
    clearTimeout(this.timer);
    if (this.sending) return;
    this.sending = true;
    try {
      for (let item = this.next(); item; item = this.next()) {
        if (!(await this.attempt(item))) break;
      }
    } finally {
      this.sending = false;
    }
  }

  next() {
    return this.items.find((item) => item.problem === null);
  }

  async attempt(item) {
    const files = this.files.get(item.id) ?? [];
    if (files.length < item.files.length) return this.giveUp(item, this.api.page.config.texts.files_lost);
    try {
      const answer = await this.api.send(item, files);
      this.settle(item.id);
      this.onDelivered(answer, item);
      return true;
    } catch (error) {
      if (error.isFinal) return this.giveUp(item, error.message);
      this.postpone(item, error.retryAfter ?? 0);
      return false;
    }
  }

  giveUp(item, problem) {
    item.problem = problem;
    this.onChange();
    return true;
  }

  postpone(item, atLeast) {
    item.failures += 1;
    item.late = item.failures >= LATE_AFTER;
    const pause = PAUSES[Math.min(item.failures, PAUSES.length) - 1] * (0.75 + Math.random() / 2);
    this.timer = setTimeout(() => this.send(), Math.max(pause, atLeast));
    this.onChange();
  }
}
