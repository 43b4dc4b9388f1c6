// The clients' half of a fan-out: the parent says how many messages are to come, and hears when they have.
export function countArrivals() {
  let count = 0
  let expected = 0
  let isAwaited = false
  const look = () => {
    if (!isAwaited || count < expected) return
    isAwaited = false
    process.send('arrived')
  }
  process.on('message', (more) => {
    expected += more
    isAwaited = true
    look()
  })
  process.on('disconnect', () => process.exit())
  return {
    arrived() {
      count++
      look()
    },
  }
}
