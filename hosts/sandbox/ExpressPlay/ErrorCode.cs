namespace Keyway.Sandbox.ExpressPlay;

/// <summary>One of the service's error codes.</summary>
/// <param name="Code">The code, below zero.</param>
/// <param name="Meaning">What it means.</param>
/// <param name="Status">The status code of the answer. The documentation names statuses but not which code has which: an assumption.</param>
/// <param name="Pages">On which token pages it is listed.</param>
internal sealed record ErrorCode(int Code, string Meaning, int Status, Pages Pages);

/// <summary>The token pages of the documentation.</summary>
[Flags]
internal enum Pages
{
    Widevine = 1,
    PlayReady = 2,
    Both = 3,
}
