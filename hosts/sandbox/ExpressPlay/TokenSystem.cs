namespace Keyway.Sandbox.ExpressPlay;

/// <summary>For which key system a token is.</summary>
internal enum TokenSystem
{
    Widevine,
    PlayReady,
}
