namespace Keyway.Dash;

/// <summary>A source of the time that a dynamic manifest counts by (ISO/IEC 23009-1, 5.8.4.11).</summary>
/// <param name="SchemeIdUri">How the time is obtained.</param>
/// <param name="Value">The time itself, or addresses with white space between them.</param>
public readonly record struct UtcTiming(string SchemeIdUri, string Value);
