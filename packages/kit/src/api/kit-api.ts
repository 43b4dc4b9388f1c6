import type { ChannelsApi } from './channels-api.ts'
import type { ConversationsApi } from './conversations-api.ts'
import type { DeskApi } from './desk-api.ts'
import type { HooksApi } from './hooks-api.ts'
import type { LifecycleApi } from './lifecycle-api.ts'
import type { LogApi } from './log-api.ts'
import type { MembersApi } from './members-api.ts'
import type { MessagesApi } from './messages-api.ts'
import type { RoomsApi } from './rooms-api.ts'
import type { SourcesApi } from './sources-api.ts'
import type { TurnsApi } from './turns-api.ts'

/** Every call of a kit, by what it is about. */
export interface KitApi
  extends
    RoomsApi,
    ChannelsApi,
    MembersApi,
    MessagesApi,
    LogApi,
    TurnsApi,
    HooksApi,
    ConversationsApi,
    DeskApi,
    SourcesApi,
    LifecycleApi {}
