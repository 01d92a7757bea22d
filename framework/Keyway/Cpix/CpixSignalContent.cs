using Keyway.Protection;

namespace Keyway.Cpix;

/// <summary>What a snippet for a manifest or playlist says.</summary>
/// <param name="Headers">The headers in it.</param>
/// <param name="Facts">What else, as people may see it.</param>
/// <param name="Problem">Why it cannot be read, without a letter of it.</param>
internal sealed record CpixSignalContent(IReadOnlyList<PsshBox> Headers, IReadOnlyList<string> Facts, string? Problem = null);
