/** The icons, one stroke each on a grid of 20. Always beside a word, or inside a control that has a label. */

const paths = {
  pulse: 'M2.5 10h3.2l2-5 3.6 10 2.2-5h4',
  plug: 'M7 2.5v4M13 2.5v4M5 6.5h10v3a5 5 0 0 1-10 0zM10 14.5v3',
  phone:
    'M4 3.5h3l1.5 4-2 1.3a9 9 0 0 0 4.7 4.7l1.3-2 4 1.5v3a1.5 1.5 0 0 1-1.6 1.5A14 14 0 0 1 2.5 5 1.5 1.5 0 0 1 4 3.5z',
  record: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM10 7.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z',
  search: 'M8.8 3.5a5.3 5.3 0 1 1 0 10.6 5.3 5.3 0 0 1 0-10.6zM12.8 12.8l4 4',
  close: 'M5 5l10 10M15 5L5 15',
  copy: 'M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4',
  check: 'M4 10.5l4 4 8-9',
  good: 'M10 2.8a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.4zM6.8 10.2l2.3 2.3 4.2-4.8',
  warning: 'M10 3l7.5 13.5h-15zM10 8v4M10 14.2v.1',
  bad: 'M6.8 2.8h6.4l4 4v6.4l-4 4H6.8l-4-4V6.8zM10 6.2v4.6M10 13.6v.1',
  info: 'M10 2.8a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.4zM10 9.3v4.4M10 6.4v.1',
  neutral: 'M10 5.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z',
  sun: 'M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 1.8v1.7M10 16.5v1.7M1.8 10h1.7M16.5 10h1.7M4.2 4.2l1.2 1.2M14.6 14.6l1.2 1.2M4.2 15.8l1.2-1.2M14.6 5.4l1.2-1.2',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
  system: 'M3 4h14v9.5H3zM7 16.8h6',
  help: 'M10 2.8a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.4zM7.9 8a2.1 2.1 0 1 1 3 1.9c-.6.3-.9.7-.9 1.5M10 14v.1',
  download: 'M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13',
  right: 'M7.5 4.5L13 10l-5.5 5.5',
  down: 'M4.5 7.5L10 13l5.5-5.5',
  up: 'M4.5 12.5L10 7l5.5 5.5',
  refresh: 'M16 6.5A7 7 0 1 0 17 10M16.5 2.8v4h-4',
  pause: 'M7 4v12M13 4v12',
  play: 'M6 3.8l10 6.2-10 6.2z',
  key: 'M13 3.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10.5 9.5l-7 7M6 14l1.8 1.8M8 12l1.5 1.5',
  lock: 'M4.5 9h11v7.5h-11zM7 9V6.2a3 3 0 0 1 6 0V9',
  send: 'M3 10l14-6.5-4.5 13.5-3-5.5zM9.5 11.5l4-4.5',
  table: 'M3 4h14v12H3zM3 8h14M3 12h14M8.5 8v8',
  chart: 'M3 16.5h14M4 13l4-5 3.5 3L16 4.5',
  out: 'M8 4.5H4v11.5h11.5v-4M11.5 3.5h5v5M16 4l-6.5 6.5',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
