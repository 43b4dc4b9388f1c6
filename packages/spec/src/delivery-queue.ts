import type { RoomId } from './ids.ts'
import type { Json } from './json.ts'

/** A message that waits to be delivered. */
export interface QueuedDelivery {
  id: string
  roomId: RoomId
  payload: Json
  attempts: number
}

/** Holds deliveries with a lease, so a dead worker's items come back. */
export interface DeliveryQueue {
  enqueue(item: Omit<QueuedDelivery, 'attempts'>): Promise<void>
  dequeue(workerId: string, n: number): Promise<QueuedDelivery[]>
  ack(id: string): Promise<void>
  nack(id: string, error: { code: string; message: string }): Promise<void>
  deadLetters(): Promise<QueuedDelivery[]>
  depth(): Promise<number>
}
