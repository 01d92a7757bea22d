namespace Keyway.Cdm.Child;

/// <summary>The child sent what it may not send: it is ended. The text says what, and holds no byte of it.</summary>
/// <param name="reason">What.</param>
internal sealed class ChildProtocolException(string reason) : Exception(reason);
