/* The panel: a frame around thread and composer, and the wiring between them. */

const CLIP = "m21.4 11.1-9.2 9.2a6 6 0 0 1-8.5-8.5l8.6-8.6a4 4 0 1 1 5.7 5.7l-8.6 8.5a2 2 0 0 1-2.8-2.8l8.5-8.5";
const ARROW = "m5 12 7-7 7 7M12 19V5";
const CROSS = "M18 6 6 18M6 6l12 12";
const RECENT = 24 * 60 * 60 * 1000;
const FOCUSABLE = "a[href], button, input, textarea, [tabindex='0']";

class Panel {
  constructor(page) {
    this.page = page;
    this.texts = page.config.texts;
    this.storage = new SiteStorage("localStorage", page.key);
    this.tabStorage = new SiteStorage("sessionStorage", page.key);
    this.full = window.matchMedia("(max-width: 479px), (max-height: 419px)");
    this.visitor = { ...this.storage.getJson("visitor"), ...page.identity };
    this.isOpen = false;
    this.assemble();
    this.build();
    this.listen();
    this.render();
    this.outbox.adopt();
    this.wire.connect();
    if (this.tabStorage.get("open") && !this.full.matches) this.show();
  }

  assemble() {
    const { page, storage } = this;
    const tab = this.tabStorage.get("tab") ?? randomWord(8);
    this.tab = tab;
    this.chat = new Chat();
    this.api = new Api(page, storage);
    this.outbox = new Outbox(storage, this.api, tab, {
      onChange: () => this.render(),
      onDelivered: (answer, item) => this.wasDelivered(answer, item),
    });
    this.thread = new Thread(page, this.chat, this.outbox, this.api);
    this.composer = new Composer(page, this.tabStorage, {
      visitor: this.visitor,
      onSend: (words) => this.send(words),
      onTyping: () => this.chat.state === "active" && this.api.typing().catch(() => {}),
    });
    this.away = new Away(this.texts, (email) => this.leaveAddress(email));
    this.attention = new Attention(page, storage, this.chat, { isOpen: () => this.isOpen, open: () => this.showNews() });
    this.wire = new Wire(this.api, {
      isWanted: () => this.isWireWanted(),
      isWatched: () => this.isOpen && !document.hidden,
      catchUp: () => this.catchUp(),
      onFrame: (frame) => this.hear(frame),
      onTrouble: (there) => write(this.trouble, there ? this.texts.reconnecting : ""),
    });
  }

  build() {
    const { config } = this.page;
    const label = this.texts.close;
    const shut = el("button", { type: "button", class: "quiet", "aria-label": label, title: label });
    shut.append(this.page.icon(CROSS));
    shut.addEventListener("click", () => this.close());
    this.agent = el("p", { class: "talking" });
    this.trouble = el("p", { class: "trouble", role: "status" });
    const head = el("div", { class: "head" }, el("div", {}, el("h2", { id: "title" }, config.title), this.agent), shut);
    const frame = { class: "panel", role: "dialog", "aria-labelledby": "title", tabindex: -1, hidden: true };
    this.element = el("section", frame, head, this.trouble, this.thread.element);
    this.element.append(this.away.element, this.composer.element);
    this.news = el("p", { class: "unseen", role: "status" });
    this.page.root.append(this.news, this.element);
  }

  listen() {
    for (const event of ["keydown", "keyup", "keypress"]) {
      // A site's own shortcuts would take our keys for theirs: from outside, the shadow root hides the text field.
      this.element.addEventListener(event, (pressed) => pressed.stopPropagation());
    }
    this.page.launcher.addEventListener("keydown", (event) => this.press(event));
    this.element.addEventListener("keydown", (event) => this.press(event));
    // As the whole screen it is all that there is, wherever the focus was before.
    document.addEventListener("keydown", (event) => {
      if (this.full.matches && !this.page.host.hidden && !this.page.root.activeElement) this.press(event);
    });
    this.storage.onChange((name) => this.wasChangedElsewhere(name));
    document.addEventListener("visibilitychange", () => this.attention.update());
    this.full.addEventListener("change", () => this.fit());
    for (const event of ["resize", "scroll"]) window.visualViewport?.addEventListener(event, () => this.fit());
  }

  open() {
    this.show();
    const field = window.matchMedia("(pointer: coarse)").matches ? this.element : this.composer;
    field.focus();
  }

  /* Open without taking the focus from a page that someone may be typing in. */
  show() {
    this.isOpen = true;
    this.element.hidden = false;
    this.page.setOpen(true);
    this.tabStorage.set("open", "1");
    this.fit();
    this.composer.fit();
    this.thread.toEnd();
    if (this.full.matches) this.element.focus();
    this.attention.update();
    if (!this.wire.socket) this.wire.connect();
  }

  /* Open by itself. What stands in a log that was hidden is not read out: say that there is something. */
  showNews() {
    this.show();
    this.news.textContent = this.texts.new;
  }

  close() {
    const hadFocus = this.page.root.activeElement !== null;
    this.isOpen = false;
    this.element.hidden = true;
    this.page.setOpen(false);
    this.tabStorage.remove("open");
    this.fit();
    this.news.textContent = "";
    if (hadFocus) this.page.launcher.focus();
    this.attention.update();
    if (!this.isWireWanted()) this.wire.drop();
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  identify(who) {
    this.visitor = { ...this.visitor, ...who };
    this.composer.showVisitor(this.visitor);
  }

  /* On a small screen the panel is the whole of it, less what an on-screen keyboard covers. */
  fit() {
    const isFull = this.full.matches && this.isOpen;
    const screen = isFull && window.visualViewport;
    if (isFull) this.element.setAttribute("aria-modal", "true");
    else this.element.removeAttribute("aria-modal");
    this.page.launcher.classList.toggle("covered", isFull);
    this.element.style.height = screen ? `${screen.height}px` : "";
    this.element.style.top = screen ? `${screen.offsetTop}px` : "";
  }

  press(event) {
    if (event.key === "Escape" && !event.isComposing && this.isOpen) this.close();
    if (event.key !== "Tab" || !this.full.matches || !this.isOpen) return;
    const stops = [...this.element.querySelectorAll(FOCUSABLE)].filter((stop) => stop.getClientRects().length);
    const here = this.page.root.activeElement;
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (here !== from && here !== this.element && here !== null) return;
    event.preventDefault();
    to.focus();
  }

  /* Who writes is told until the desk knows it: later on an agent may know better. */
  send({ text, name, email, files, form }) {
    const given = { name: name || this.visitor.name || "", email: email || this.visitor.email || "" };
    this.keepVisitor(given);
    this.tabStorage.set("tab", this.tab);
    const isNews = this.storage.get("told") !== JSON.stringify(given);
    this.composer.showVisitor(given);
    this.outbox.add({ text, files, form, ...(isNews || form ? given : {}) });
  }

  keepVisitor(given) {
    this.visitor = given;
    this.storage.setJson("visitor", given);
  }

  async leaveAddress(email) {
    await this.api.leaveAddress(email);
    this.keepVisitor({ ...this.visitor, email });
    this.storage.setJson("told", { name: this.visitor.name, email });
    this.render();
  }

  wasDelivered(answer, item) {
    if (item.name) this.storage.setJson("told", { name: item.name, email: item.email });
    this.take(answer);
    if (!this.wire.socket) this.wire.connect();
  }

  /* A socket tells what is offered. */
  get isTold() {
    return this.wire.socket !== null;
  }

  hear(frame) {
    if (frame.typing) this.thread.showTyping(frame.typing.name);
    if (frame.resync) this.wire.wakeSoon();
    if (frame.state) this.take(frame);
    if (frame.place && this.chat.stand(frame)) this.render();
    if (!frame.offer) return;
    this.chat.heard += 1;
    this.page.setOffer(frame.offer);
  }

  take(news) {
    const isDoubtful = this.chat.learn(news);
    if (news.messages?.some((message) => message.author === "agent")) this.thread.showTyping("");
    this.refresh();
    if (isDoubtful) this.wire.wake();
  }

  /* Fetch what is missing; one at a time, and once more if asked meanwhile. */
  catchUp() {
    if (!this.catching) {
      this.catching = this.fetchNews().finally(() => (this.catching = null));
      return this.catching;
    }
    this.next = this.next ?? this.catching.catch(() => {}).then(() => {
      this.next = null;
      return this.catchUp();
    });
    return this.next;
  }

  async fetchNews() {
    const { heard } = this.chat;
    const news = await (this.api.isKnown ? this.api.chat(this.chat.cursor) : this.api.state());
    if (news.messages) this.chat.complete(news);
    if (heard === this.chat.heard) this.page.offer = news.offer;
    this.refresh();
    this.outbox.adopt();
    // What was heard meanwhile may be newer than this answer.
    if (news.more || heard !== this.chat.heard) await this.fetchNews();
  }

  refresh() {
    for (const message of this.chat.messages) if (message.client_id) this.outbox.settle(message.client_id);
    this.render();
    this.attention.update();
    if (this.chat.case && this.wire.isStranger) this.wire.connect();
  }

  render() {
    this.thread.render();
    const name = this.chat.agent;
    const { place } = this.chat;
    this.agent.textContent = name ? fill(this.texts.with, { name }) : place ? fill(this.texts.place, { place }) : "";
    this.composer.become(this.isUnderWay ? "chat" : this.page.offer);
    this.element.classList.toggle("blank", this.composer.isForm && !this.thread.shown.size);
    this.sayWhoIsThere();
    this.page.appear();
  }

  /* A chat is never taken away from the one who is in it. */
  get isUnderWay() {
    return this.chat.state === "active" || this.outbox.items.some((item) => !item.form);
  }

  /* Whether there has to be a button although nothing is offered. */
  isNeeded() {
    return this.isUnderWay || (this.isOpen && this.thread.shown.size > 0);
  }

  sayWhoIsThere() {
    const { texts, isUnderWay } = this;
    const email = this.storage.getJson("told")?.email;
    const { offer } = this.page;
    if (offer === "chat") return this.away.show("", false);
    if (isUnderWay) {
      const noted = email ? ` ${fill(texts.away_noted, { email })}` : "";
      return this.away.show(texts.away_kept + noted, !email && this.chat.state === "active");
    }
    const isLeft = this.chat.state === "left" && email;
    const form = isLeft ? fill(texts.away_sent, { email }) : texts.away_form;
    return this.away.show(offer === "form" ? form : texts.away, false);
  }

  wasChangedElsewhere(name) {
    if (name.startsWith("out:") && this.storage.get(name) === null) {
      this.outbox.settle(name.slice(4));
      this.render();
    }
    this.attention.update();
    if (name === "token") this.wire.connect();
    else if (this.wire.isStranger && this.api.isKnown) this.wire.wake();
  }

  /* Someone who chatted long ago and has the panel closed needs no socket; the next page looks again. */
  isWireWanted() {
    if (this.isOpen) return true;
    if (this.chat.state === "none") return false;
    return this.chat.state === "active" || Date.now() - this.chat.lastAt < RECENT;
  }
}

window.deskbellPanel = (page) => new Panel(page);
