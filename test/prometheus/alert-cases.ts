/** An alert in a world of numbers that promtool makes up, one each minute from minute 0 on. */
export interface AlertCase {
  readonly alert: string;
  /** Values by series, in promtool's notation: `0+60x20 1200x40` is a counter that stops after 20 minutes. */
  readonly series: Readonly<Record<string, string>>;
  /** Minute at which it fires, and not yet at `quietAt`. */
  readonly firesAt: number;
  readonly quietAt?: number;
  /** Minute at which it is over. */
  readonly resolvedAt: number;
  /** Labels that it fires with, beside the severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly severity: "critical" | "warning" | "info";
  /** Its value, as the annotations write it. */
  readonly value?: string;
}

const gateway = { job: "hawser", instance: "a:9464" };
const Gateway = 'job="hawser",instance="a:9464"';
const Info = { [`hawser_build_info{${Gateway},version="1"}`]: "1x180" };

/** One a second for 20 minutes. */
const Busy = "0+60x20 1200x40";
const Always = "0+60x60";

const openings = (result: string) => `hawser_openings_total{${Gateway},route="chat",protocol="h1",result="${result}"}`;
const limit = (name: string) => `hawser_limits_hit_total{${Gateway},limit="${name}",protocol="h1"}`;
const bucket = (family: string, le: string) => `${family}_bucket{${Gateway},route="chat",protocol="h1",le="${le}"}`;
const certificate = `hawser_certificate_expiry_timestamp_seconds{${Gateway},listener="tls",certificate="a.example"}`;
const ofCertificate = { job: "hawser", listener: "tls", certificate: "a.example" };
const ofRoute = { job: "hawser", route: "chat" };

/** What most have in common: ten minutes of trouble are enough, and after twenty it is gone. */
const Usual = { firesAt: 16, resolvedAt: 45 } as const;

/** Every alert of dashboards/rules/hawser.alerts.yaml, in its order. */
export const AlertCases: readonly AlertCase[] = [
  {
    alert: "HawserDown",
    severity: "critical",
    series: {
      [`up{${Gateway}}`]: "1x10 0x20 1x20",
      [`hawser_build_info{${Gateway},version="1"}`]: "1x10 _x20 1x20",
      'up{job="other",instance="b"}': "0x60",
    },
    ...{ quietAt: 12, firesAt: 16, resolvedAt: 40, labels: gateway },
  },
  {
    alert: "HawserAbsent",
    severity: "critical",
    series: { [`hawser_build_info{${Gateway},version="1"}`]: "_x10 1x30" },
    ...{ quietAt: 4, firesAt: 8, resolvedAt: 15, labels: {} },
  },
  {
    alert: "HawserRestarting",
    severity: "critical",
    series: { ...Info, [`process_start_time_seconds{${Gateway}}`]: "0x2 100x2 200x2 300x50" },
    ...{ quietAt: 4, firesAt: 9, resolvedAt: 40, labels: gateway, value: "3" },
  },
  {
    alert: "HawserWorkerDown",
    severity: "warning",
    series: { [`hawser_worker_up{${Gateway},worker="2"}`]: "1x5 0x10 1x10" },
    ...{ quietAt: 5, firesAt: 8, resolvedAt: 20, labels: { ...gateway, worker: "2" } },
  },
  {
    alert: "HawserWorkerRestarting",
    severity: "warning",
    series: { [`hawser_worker_restarts_total{${Gateway},worker="1"}`]: "0+1x6 6x40" },
    ...{ quietAt: 1, firesAt: 10, resolvedAt: 40, labels: gateway, value: "6.00" },
  },
  {
    alert: "HawserConnectionsLost",
    severity: "warning",
    series: { [`hawser_worker_handoffs_lost_total{${Gateway}}`]: Busy },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "1.00" },
  },
  {
    alert: "HawserOpeningsFailing",
    severity: "critical",
    series: { [openings("accepted")]: Always, [openings("limited")]: Busy },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "50%" },
  },
  {
    alert: "HawserUpstreamUnreachable",
    severity: "critical",
    series: { [openings("accepted")]: Always, [openings("upstream_unreachable")]: Busy },
    ...{ ...Usual, quietAt: 2, labels: ofRoute, value: "50%" },
  },
  {
    alert: "HawserUpstreamAddressDown",
    severity: "warning",
    series: {
      [`hawser_upstream_dials_total{${Gateway},upstream="backend",result="accepted"}`]: Always,
      [`hawser_upstream_dials_total{${Gateway},upstream="backend",result="unreachable"}`]: Busy,
    },
    ...{ ...Usual, quietAt: 4, labels: { job: "hawser", upstream: "backend" }, value: "50%" },
  },
  {
    alert: "HawserUpstreamRefusing",
    severity: "warning",
    series: { [openings("accepted")]: "0+20x60", [openings("upstream_refused")]: Busy },
    ...{ ...Usual, quietAt: 9, labels: ofRoute, value: "75%" },
  },
  {
    alert: "HawserOpeningsSlow",
    severity: "warning",
    series: {
      [bucket("hawser_opening_duration_seconds", "1")]: "0x60",
      [bucket("hawser_opening_duration_seconds", "2.5")]: Busy,
      [bucket("hawser_opening_duration_seconds", "+Inf")]: Busy,
    },
    ...{ ...Usual, quietAt: 9, labels: ofRoute, value: "2.485s" },
  },
  {
    alert: "HawserAbnormalCloses",
    severity: "warning",
    series: {
      [`hawser_stream_closes_total{${Gateway},route="chat",code="1000"}`]: Always,
      [`hawser_stream_closes_total{${Gateway},route="chat",code="1011"}`]: Busy,
    },
    ...{ ...Usual, quietAt: 9, labels: ofRoute, value: "50%" },
  },
  {
    alert: "HawserBackpressure",
    severity: "warning",
    series: {
      [`hawser_backpressure_seconds_total{${Gateway},route="chat",direction="to_client"}`]: Busy,
      [`hawser_streams_open{${Gateway},route="chat"}`]: "2x60",
    },
    ...{ ...Usual, quietAt: 9, labels: { ...gateway, direction: "to_client" }, value: "50%" },
  },
  {
    alert: "HawserFlowControlStalls",
    severity: "warning",
    series: {
      [`hawser_h2_flow_control_stalls_total{${Gateway},listener="tls"}`]: "0+600x20 12000x40",
      [`hawser_client_connections_open{${Gateway},listener="tls",protocol="h2"}`]: "1x60",
    },
    ...{ ...Usual, quietAt: 9, labels: gateway, value: "10.00" },
  },
  {
    alert: "HawserBufferedBytesHigh",
    severity: "warning",
    series: {
      [`hawser_buffered_bytes{${Gateway},direction="to_client"}`]: "131072x20 0x40",
      [`hawser_streams_open{${Gateway},route="chat"}`]: "2x60",
    },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "64ki" },
  },
  {
    alert: "HawserPingsSlow",
    severity: "info",
    series: {
      [bucket("hawser_ping_rtt_seconds", "1")]: "0x60",
      [bucket("hawser_ping_rtt_seconds", "5")]: Busy,
      [bucket("hawser_ping_rtt_seconds", "+Inf")]: Busy,
    },
    ...{ ...Usual, quietAt: 9, labels: ofRoute, value: "3s" },
  },
  {
    alert: "HawserLimitHit",
    severity: "critical",
    series: { [limit("streams")]: Busy, [limit("idle")]: Always },
    ...{ ...Usual, quietAt: 1, labels: { ...gateway, limit: "streams" }, value: "1.00" },
  },
  {
    alert: "HawserClientsLimited",
    severity: "info",
    series: { [limit("opening_rate")]: "0+120x20 2400x40", [limit("fragments")]: "0+6x60" },
    ...{ ...Usual, quietAt: 9, labels: { ...gateway, limit: "opening_rate" }, value: "2.00" },
  },
  {
    alert: "HawserStreamsNearLimit",
    severity: "warning",
    series: {
      [`hawser_streams_open{${Gateway},route="chat"}`]: "900x20 100x40",
      [`hawser_streams_max{${Gateway}}`]: "1000x60",
    },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "90%" },
  },
  {
    alert: "HawserConnectionsNearLimit",
    severity: "warning",
    series: {
      [`hawser_client_connections_open{${Gateway},listener="tls",protocol="h1"}`]: "900x20 100x40",
      [`hawser_client_connections_max{${Gateway}}`]: "1000x60",
    },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "90%" },
  },
  {
    alert: "HawserOpenFilesNearLimit",
    severity: "warning",
    series: { ...Info, [`process_open_fds{${Gateway}}`]: "900x20 100x40", [`process_max_fds{${Gateway}}`]: "1000x60" },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "90%" },
  },
  {
    alert: "HawserAbuse",
    severity: "warning",
    series: { [`hawser_client_connections_abusive_total{${Gateway},listener="tls",reason="rapid_reset"}`]: Busy },
    ...{ ...Usual, quietAt: 1, labels: { ...gateway, listener: "tls", reason: "rapid_reset" }, value: "1.00" },
  },
  {
    alert: "HawserConnectionsFailing",
    severity: "warning",
    series: {
      [`hawser_client_connections_failed_total{${Gateway},listener="tls",reason="tls"}`]: Busy,
      [`hawser_client_connections_failed_total{${Gateway},listener="tls",reason="client_left"}`]: Always,
      [`hawser_client_connections_total{${Gateway},listener="tls",protocol="h2"}`]: "0+120x60",
    },
    ...{ ...Usual, quietAt: 9, labels: { ...gateway, listener: "tls" }, value: "25%" },
  },
  {
    alert: "HawserAccessRefused",
    severity: "info",
    series: {
      [`hawser_access_refused_total{${Gateway},route="chat",rule="origin",protocol="h1"}`]: "0+120x20 2400x40",
    },
    ...{ ...Usual, quietAt: 9, labels: { ...ofRoute, rule: "origin" }, value: "2.00" },
  },
  {
    alert: "HawserCertificateEndsSoon",
    severity: "warning",
    series: { [certificate]: "864000x120 9999999x60" },
    ...{ quietAt: 58, firesAt: 90, resolvedAt: 150, labels: ofCertificate, value: "9d 22h 30m 0s" },
  },
  {
    alert: "HawserCertificateEnds",
    severity: "critical",
    series: { [certificate]: "172800x20 9999999x60" },
    ...{ quietAt: 4, firesAt: 10, resolvedAt: 30, labels: ofCertificate, value: "1d 23h 50m 0s" },
  },
  {
    alert: "HawserReloadRefused",
    severity: "warning",
    series: { [`hawser_config_reloads_total{${Gateway},result="refused"}`]: "0x5 1x60" },
    ...{ quietAt: 4, firesAt: 10, resolvedAt: 40, labels: gateway },
  },
  {
    alert: "HawserEventLoopSlow",
    severity: "warning",
    series: { ...Info, [`nodejs_eventloop_lag_p99_seconds{${Gateway}}`]: "0.25x20 0.01x40" },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "250ms" },
  },
  {
    alert: "HawserProcessorSaturated",
    severity: "warning",
    series: { ...Info, [`process_cpu_seconds_total{${Gateway},worker="1"}`]: "0+57x20 1140x40" },
    ...{ ...Usual, quietAt: 9, labels: { ...gateway, worker: "1" }, value: "95%" },
  },
  {
    alert: "HawserHandshakesWaiting",
    severity: "warning",
    series: { [`hawser_handshakes_waiting{${Gateway}}`]: "200x20 0x40" },
    ...{ ...Usual, quietAt: 1, labels: gateway, value: "200" },
  },
  {
    alert: "HawserLogLinesDropped",
    severity: "warning",
    series: { [`hawser_log_lines_dropped_total{${Gateway}}`]: Busy },
    ...{ ...Usual, quietAt: 4, labels: gateway, value: "1.00" },
  },
];
