namespace Keyway.Fuzz;

/// <summary>An input that a parser has no proper answer to.</summary>
/// <param name="Parser">The parser.</param>
/// <param name="Input">The input.</param>
/// <param name="What">What it did.</param>
internal sealed record Finding(Parser Parser, byte[] Input, string What);
