/*
 * What is known of the chat. Answers, catch-ups and pushes may come late, twice or out of order: a message counts by
 * its rev, the state by the case's. Only a catch-up moves the cursor, for only it is complete; the first one brings the
 * latest of all the visitor's cases.
 */

class Chat {
  constructor() {
    this.byId = new Map();
    this.state = "none";
    this.agent = "";
    this.place = 0;
    this.case = 0;
    this.rev = 0;
    this.cursor = "";
    this.heard = 0;
  }

  get messages() {
    return [...this.byId.values()].sort((one, other) => one.position - other.position || one.id - other.id);
  }

  /* What the visitor did not write. */
  get answers() {
    return this.messages.filter((message) => message.author !== "customer");
  }

  get lastAt() {
    return Math.max(0, ...[...this.byId.values()].map((message) => Date.parse(message.at)));
  }

  /* Take in a catch-up. */
  complete(news) {
    this.keep(news.messages);
    this.cursor = news.more || news.cursor || this.cursor; // of very much, an answer brings only the first part
    if (!this.isOlder(news)) this.describe(news);
  }

  /* Take in a push or an answer; tells whether it leaves a doubt that a catch-up has to settle. */
  learn(news) {
    this.heard += 1;
    this.keep(news.messages ?? [news.message]);
    const doubtful = this.case > 0 && news.case !== null && news.case < this.case;
    if (!doubtful && !this.isOlder(news)) this.describe(news);
    return doubtful;
  }

  keep(messages) {
    for (const message of messages) {
      const known = this.byId.get(message.id);
      if (!known || known.rev <= message.rev) this.byId.set(message.id, message);
    }
  }

  describe(news) {
    this.state = news.state;
    this.agent = news.agent;
    // Only a catch-up tells the place in the line.
    this.place = news.state === "active" ? (news.place ?? this.place) : 0;
    this.case = news.case ?? 0;
    this.rev = revOf(news);
  }

  /* Take in a new place in the line; tells whether it is this chat's. */
  stand({ case: number, place }) {
    if (number !== this.case || this.agent) return false;
    this.heard += 1;
    this.place = place;
    return true;
  }

  isOlder(news) {
    return news.case === this.case && revOf(news) < this.rev;
  }
}

function revOf(news) {
  return Number(news.cursor.split(":")[1] ?? 0);
}
