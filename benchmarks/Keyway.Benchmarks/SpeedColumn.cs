using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Keyway.Benchmarks;

/// <summary>Gigabytes (10^9 bytes) a second, of benchmarks that have a <c>Size</c>.</summary>
internal sealed class SpeedColumn : IColumn
{
    public string Id => "Speed";

    public string ColumnName => "GB/s";

    public bool AlwaysShow => false;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "10^9 bytes a second, protected and covered ones";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        object? size = benchmarkCase.Parameters.Items.FirstOrDefault(static item => item.Name == "Size")?.Value;
        double? mean = summary[benchmarkCase]?.ResultStatistics?.Median;
        return size is int bytes && mean is { } nanoseconds ? (bytes / nanoseconds).ToString("0.0", CultureInfo.InvariantCulture) : "";
    }

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(static each => each.Parameters.Items.Any(static item => item.Name == "Size"));

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
}
