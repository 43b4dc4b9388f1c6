/** An error as the pages and other clients read it. */
export function problem(status: number, code: string, detail: string): Response {
  return Response.json(
    { type: `/errors/${code}`, title: detail, status, code, detail },
    { status, headers: { 'content-type': 'application/problem+json' } },
  )
}
