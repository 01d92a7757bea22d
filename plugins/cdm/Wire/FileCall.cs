namespace Keyway.Cdm.Wire;

/// <summary>Which call of a file is answered.</summary>
internal enum FileCall : byte
{
    Open = 0,
    Read = 1,
    Write = 2,
}
