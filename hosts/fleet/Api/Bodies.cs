using Keyway.Fleet.Checks;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Api;

/// <summary>A stream as it is sent: see <see cref="StreamSpec"/>.</summary>
internal sealed record StreamBody(string Address, string? Provider, string? KeySystem, string? LicenseUrl, string? Scope, int? PeriodSeconds, int? DecryptEverySeconds, IReadOnlyDictionary<string, string>? Headers);

/// <summary>How the fleet is.</summary>
internal sealed record OverviewBody(FleetCounts Counts, int Firing, IReadOnlyList<AlertReport> Alerts, IReadOnlyList<string> Mistakes);

/// <summary>A page of the table.</summary>
internal sealed record RowsBody(int Count, IReadOnlyList<StreamSummary> Rows);

/// <summary>Why something was not done, every mistake with its place.</summary>
internal sealed record ProblemBody(string Problem, IReadOnlyList<string> Mistakes);

/// <summary>How many streams were taken.</summary>
internal sealed record PutBody(int Streams);

/// <summary>A check.</summary>
internal sealed record CheckBody(string Name, Severity Severity);
