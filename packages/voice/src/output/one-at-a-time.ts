/**
 * Makes a runner that runs one piece of work at a time: what is asked for while one runs (a far end may answer, a listener
 * may act, before what they were told by has ended) runs it once more afterwards.
 */
export function createOneAtATime(): (work: () => void) => void {
  let isRunning = false
  let isWanted = false
  return (work) => {
    if (isRunning) {
      isWanted = true
      return
    }
    isRunning = true
    try {
      do {
        isWanted = false
        work()
      } while (isWanted)
    } finally {
      isRunning = false
    }
  }
}
