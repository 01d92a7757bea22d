namespace Keyway.Cdm.Host;

/// <summary>What runs on the dispatcher's thread.</summary>
internal interface IDispatched
{
    /// <summary>Comes first.</summary>
    void Begin();

    /// <summary>A frame of the parent. Lent for the call.</summary>
    void Handle(in Frame frame);

    /// <summary>A timer of the module has run out.</summary>
    void Timer(nint context);
}
