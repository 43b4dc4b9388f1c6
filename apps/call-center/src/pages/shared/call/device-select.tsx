/** Chooses one of the devices. */
export function DeviceSelect({
  label,
  devices,
  value,
  onChange,
}: {
  label: string
  devices: readonly MediaDeviceInfo[]
  value: string | undefined
  onChange: (deviceId: string) => void
}) {
  if (devices.length === 0) return null
  return (
    <label className="block text-sm">
      <span className="block font-medium">{label}</span>
      <select
        className="field mt-1 min-h-11"
        value={value ?? devices[0]?.deviceId}
        onChange={({ target }) => onChange(target.value)}
      >
        {devices.map(({ deviceId, label: name }, at) => (
          <option key={deviceId} value={deviceId}>
            {name === '' ? `${label} ${at + 1}` : name}
          </option>
        ))}
      </select>
    </label>
  )
}
