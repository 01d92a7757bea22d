namespace Keyway.Testing;

/// <summary>A secret that was found where it should not be.</summary>
/// <param name="Secret">The name of the secret, as <see cref="LeakScan.Plant(string, ReadOnlySpan{byte})"/> was told it.</param>
/// <param name="Form">How it was written.</param>
/// <param name="Place">Where.</param>
/// <param name="Before">What stands before it there, to find the spot. Never the secret.</param>
public sealed record Leak(string Secret, LeakForm Form, string Place, string Before);
