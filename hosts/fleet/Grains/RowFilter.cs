namespace Keyway.Fleet.Grains;

/// <summary>Which rows are wanted.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.RowFilter")]
internal sealed record RowFilter
{
    /// <summary>A part of the name, the origin or the provider; <see langword="null"/>: any.</summary>
    [Id(0)]
    public string? Text { get; init; }

    /// <summary>Whether only those that something is wrong with.</summary>
    [Id(1)]
    public bool IsFailing { get; init; }

    public bool Takes(StreamSummary row) => (!IsFailing || row.Worst is not null)
        && (Text is not { Length: > 0 } text || row.Name.Contains(text, StringComparison.OrdinalIgnoreCase) || row.Origin.Contains(text, StringComparison.OrdinalIgnoreCase)
            || row.Provider?.Contains(text, StringComparison.OrdinalIgnoreCase) == true || row.Failing.Any(check => check.Contains(text, StringComparison.OrdinalIgnoreCase)));
}
