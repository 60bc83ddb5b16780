/*
 * What the visitor has not seen. Every answer of an agent opens the panel once, however often it was closed; which
 * answers did so is kept, so that several tabs and pages do not fight. A tab in the background waits with its badge.
 */

class Attention {
  constructor(page, storage, chat, { isOpen, open }) {
    Object.assign(this, { page, storage, chat, isOpen, open });
    this.mark = "";
  }

  /* Look again: something was said, seen, opened or closed. */
  update() {
    const answers = this.chat.answers;
    const unseen = answers.filter((message) => message.position > this.number("seen"));
    const agents = answers.filter((message) => message.author === "agent");
    if (!document.hidden) this.openFor(agents.at(-1)?.position ?? 0);
    const isSeen = this.isOpen() && !document.hidden;
    if (isSeen && unseen.length) this.storage.set("seen", String(answers.at(-1).position));
    this.show(isSeen ? 0 : unseen.length);
  }

  openFor(position) {
    if (position <= this.number("opened")) return;
    this.storage.set("opened", String(position));
    if (!this.isOpen()) this.open();
  }

  show(count) {
    this.page.setUnread(count);
    const mark = count && document.hidden ? `(${count}) ` : "";
    if (mark === this.mark) return;
    const { title } = document;
    document.title = mark + (title.startsWith(this.mark) ? title.slice(this.mark.length) : title);
    this.mark = mark;
  }

  number(name) {
    return Number(this.storage.get(name) ?? 0);
  }
}
