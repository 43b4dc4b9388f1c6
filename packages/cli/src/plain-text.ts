/** Text of people, files and models as one line that does not steer the terminal. */
export function plainText(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- these are what must go
  return text.replace(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]+/g, ' ')
}
