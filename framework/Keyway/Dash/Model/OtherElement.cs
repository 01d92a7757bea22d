namespace Keyway.Dash;

/// <summary>A child of a <c>ContentProtection</c> element that has no meaning here.</summary>
/// <param name="Element">Its name, without prefix.</param>
/// <param name="Text">Its text, trimmed and cut; <see langword="null"/> when it has none.</param>
/// <param name="Attributes">Its attributes, without those that declare namespaces.</param>
public sealed record OtherElement(string Element, string? Text, IReadOnlyList<KeyValuePair<string, string>> Attributes);
