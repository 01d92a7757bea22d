namespace Keyway.Cdm.Host.Interface;

/// <summary>A call of the module is left out: it names more bytes than anybody takes, or bytes without a pointer.</summary>
internal sealed class TooMuchException : Exception;
