/* The log of messages: what the desk has, then what it may not have yet. It follows only when it was at its end. */

class Thread {
  constructor(page, chat, outbox, api) {
    Object.assign(this, { page, chat, outbox, api });
    const { texts, lang } = page.config;
    this.texts = texts;
    const time = { hour: "numeric", minute: "2-digit" };
    this.clock = new Intl.DateTimeFormat(lang, time);
    this.calendar = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", ...time });
    this.exact = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "medium" });
    this.shown = new Map();
    this.build();
  }

  build() {
    const live = { role: "log", "aria-live": "polite", "aria-label": this.texts.messages };
    this.log = el("div", { class: "log", tabindex: 0, ...live });
    this.welcome = el("p", { class: "welcome" }, this.texts.welcome);
    this.newer = el("button", { class: "newer", type: "button", hidden: true }, `${this.texts.new} ↓`);
    this.state = el("p", { class: "state", role: "status" });
    this.typing = el("p", { class: "typing" });
    this.element = el("div", { class: "thread" }, this.welcome, this.log, this.newer, this.state, this.typing);
    this.newer.addEventListener("click", () => this.toEnd());
    this.log.addEventListener("scroll", () => this.isAtEnd() && (this.newer.hidden = true));
    this.log.addEventListener("click", (event) => this.act(event.target.closest("button")));
  }

  act(button) {
    if (button?.dataset.again) this.outbox.again(button.dataset.again);
    if (button?.dataset.discard) this.outbox.discard(button.dataset.discard);
  }

  render() {
    const wasAtEnd = this.isAtEnd();
    const entries = this.entries();
    const fresh = this.place(entries);
    const isOffered = this.page.offer === "chat";
    this.welcome.hidden = entries.length > 0 || !isOffered;
    write(this.state, this.outbox.items.length || !isOffered ? "" : (this.texts[this.chat.state] ?? ""));
    if (wasAtEnd || fresh.some((entry) => entry.mine && !entry.at)) this.toEnd();
    else if (fresh.some((entry) => !entry.mine)) this.newer.hidden = false;
  }

  entries() {
    const stored = this.chat.messages.map((message) => this.storedEntry(message));
    return [...stored, ...this.outbox.items.map((item) => this.waitingEntry(item))];
  }

  storedEntry(message) {
    const mine = message.author === "customer";
    const name = message.name || (message.author === "bot" ? this.texts.bot : "");
    const { text, files, at, rev, changed } = message;
    return { key: message.client_id ?? `m${message.id}`, mine, author: message.author, name, text, files, at, rev, changed };
  }

  waitingEntry(item) {
    const files = item.files.map((name) => ({ name }));
    const { text, problem, late } = item;
    const failed = problem !== null;
    return { key: item.id, mine: true, author: "customer", name: "", text, files, problem, failed, late };
  }

  /* Make the log show these entries, touching only what differs; returns those that are new. */
  place(entries) {
    const keys = new Set(entries.map((entry) => entry.key));
    for (const [key, { element }] of this.shown) {
      if (!keys.has(key)) element.remove();
      if (!keys.has(key)) this.shown.delete(key);
    }
    const fresh = entries.filter((entry) => !this.shown.has(entry.key));
    entries.forEach((entry, index) => {
      const before = entries[index - 1];
      const continues = before?.author === entry.author && before.name === entry.name;
      const element = this.elementOf({ ...entry, continues });
      if (this.log.children[index] !== element) this.log.insertBefore(element, this.log.children[index] ?? null);
    });
    return fresh;
  }

  elementOf(entry) {
    const look = JSON.stringify(entry);
    const known = this.shown.get(entry.key);
    if (known?.look === look) return known.element;
    const element = known?.element ?? el("article");
    element.className = `message ${entry.author}`;
    element.classList.toggle("failed", Boolean(entry.failed));
    renew(element, this.partsOf(entry));
    this.shown.set(entry.key, { look, element });
    return element;
  }

  partsOf(entry) {
    const parts = [];
    const author = entry.mine ? this.texts.you : entry.name;
    if (author) parts.push(el("p", { class: entry.mine || entry.continues ? "author unseen" : "author", dir: "auto" }, author));
    const bubble = el("div", { class: "bubble" });
    if (entry.changed === "deleted") bubble.append(el("i", {}, this.texts.deleted));
    if (entry.text) bubble.append(el("p", { class: "text", dir: "auto" }, ...withLinks(entry.text)));
    for (const file of entry.files) bubble.append(this.fileOf(file));
    parts.push(bubble, this.metaOf(entry));
    return parts;
  }

  metaOf(entry) {
    const meta = el("p", { class: "meta", "aria-live": entry.failed || entry.late ? "polite" : "off" });
    if (entry.changed === "edited") meta.append(`${this.texts.edited} · `);
    if (entry.at) meta.append(this.timeOf(entry.at), ...(entry.mine ? this.mark("✓", "sent") : []));
    else if (!entry.failed && !entry.late) meta.append(...this.mark("◷", "sending"));
    else meta.append(...this.wayOut(entry));
    return meta;
  }

  wayOut(entry) {
    const again = el("button", { type: "button", "data-again": entry.key }, this.texts.again);
    const parts = [`⚠ ${this.texts.not_sent} ${entry.problem ?? ""} `, again];
    if (!entry.failed) return parts;
    return [...parts, " ", el("button", { type: "button", "data-discard": entry.key }, this.texts.delete)];
  }

  mark(sign, text) {
    return [" ", el("span", { "aria-hidden": "true" }, sign), el("span", { class: "unseen" }, this.texts[text])];
  }

  timeOf(at) {
    const moment = new Date(at);
    const isToday = moment.toDateString() === new Date().toDateString();
    const words = (isToday ? this.clock : this.calendar).format(moment);
    return el("time", { datetime: at, title: this.exact.format(moment) }, words);
  }

  fileOf(file) {
    if (!file.url) return el("span", { class: "file", dir: "auto" }, file.name);
    const url = this.api.fileAddress(file.url);
    const chip = () => [el("span", { class: "file-name", dir: "auto" }, file.name), ` ${this.sizeOf(file.size)}`];
    if (!file.image) return outwardLink(url, { class: "file" }, ...chip());
    const image = el("img", { src: url, alt: file.name, loading: "lazy" });
    const link = outwardLink(url, { class: "picture" }, image);
    image.addEventListener("error", () => {
      link.className = "file";
      link.replaceChildren(...chip());
    });
    return link;
  }

  /* In thousands and with one decimal at most, as blueprints/wording.py says it to agents. */
  sizeOf(bytes) {
    const say = (size, unit, unitDisplay) =>
      new Intl.NumberFormat(this.page.config.lang, { style: "unit", unit, unitDisplay }).format(size);
    if (bytes < 1000) return say(bytes, "byte", "long");
    if (bytes < 999950) return say(Math.round(bytes / 100) / 10, "kilobyte", "short");
    return say(Math.round(bytes / 1e5) / 10, "megabyte", "short");
  }

  /* Someone is writing; shown for six seconds unless they go on. */
  showTyping(name) {
    clearTimeout(this.quiet);
    this.typing.textContent = name ? fill(this.texts.typing, { name }) : "";
    if (name) this.quiet = setTimeout(() => this.showTyping(""), 6000);
  }

  isAtEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.newer.hidden = true;
  }
}
