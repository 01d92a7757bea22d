namespace Keyway.Hosting.Configuration;

/// <summary>What a layer says of a setting that a later one sets.</summary>
/// <param name="Value">Its value there; where that may be a secret, <c>***</c>.</param>
/// <param name="Origin">The layer, as <see cref="EffectiveSetting.Origin"/>.</param>
public sealed record OverriddenSetting(string Value, string Origin);
