/** A passage of a help article. */
export interface HelpPassage {
  /** The article and the passage in it, such as `refund-times#1`. */
  sourceId: string
  title: string
  heading: string
  text: string
  /** When the article was last changed. */
  updated: string
}

/** Finds passages of help articles; best first. What is behind it may be replaced. */
export interface HelpSearch {
  search(query: string, limit: number): Promise<HelpPassage[]>
}
