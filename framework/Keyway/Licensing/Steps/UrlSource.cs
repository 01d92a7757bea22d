namespace Keyway.Licensing.Steps;

/// <summary>Where the URL of a licence request may come from.</summary>
internal enum UrlSource
{
    /// <summary>The application, for this presentation.</summary>
    Caller = 0,

    /// <summary>The provider's <c>Endpoints</c>.</summary>
    Configuration,

    /// <summary>It came with the token.</summary>
    Token,

    /// <summary>The step's own: of a pack, the pack's.</summary>
    Provider,

    /// <summary>The manifest; under the rule of origins.</summary>
    Manifest,

    /// <summary>The protection header; under the rule of origins.</summary>
    Header,

    /// <summary>The challenge itself (a renewal); under the rule of origins.</summary>
    Message,
}
