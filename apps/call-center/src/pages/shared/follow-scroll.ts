import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react'

/** How near the end counts as at the end, in pixels. */
const slackPx = 48

/** A list that follows its end until somebody scrolls up; then it counts what came. */
export interface FollowedScroll {
  ref: RefObject<HTMLDivElement | null>
  isFollowing: boolean
  /** New since following stopped. */
  missed: number
  follow(): void
}

/** `count` is how many there are; `version` changes whenever the end may have moved. */
export function useFollowScroll(count: number, version: unknown): FollowedScroll {
  const ref = useRef<HTMLDivElement>(null)
  const [isFollowing, setFollowing] = useState(true)
  const seen = useRef(count)
  if (isFollowing) seen.current = count

  useLayoutEffect(() => {
    const box = ref.current
    if (box !== null && isFollowing) box.scrollTop = box.scrollHeight
  }, [isFollowing, version])

  useEffect(() => {
    const box = ref.current
    if (box === null) return undefined
    let lastTop = box.scrollTop
    const onScroll = (): void => {
      const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < slackPx
      // Growth of the list moves the end away as well; only going up is a person's wish to stay.
      if (isAtEnd) setFollowing(true)
      else if (box.scrollTop < lastTop) setFollowing(false)
      lastTop = box.scrollTop
    }
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'End') setFollowing(true)
    }
    const resized = new ResizeObserver(() => {
      if (box.dataset['following'] === 'true') box.scrollTop = box.scrollHeight
    })
    resized.observe(box)
    box.addEventListener('scroll', onScroll, { passive: true })
    box.addEventListener('keydown', onKey)
    return () => {
      resized.disconnect()
      box.removeEventListener('scroll', onScroll)
      box.removeEventListener('keydown', onKey)
    }
  }, [])

  const follow = useCallback(() => {
    setFollowing(true)
    if (ref.current !== null) ref.current.scrollTop = ref.current.scrollHeight
  }, [])
  return { ref, isFollowing, missed: Math.max(0, count - seen.current), follow }
}
