namespace Keyway.MediaUnits;

/// <summary>Which key opens the protected samples of a unit, where that is said beside the unit and not in it.</summary>
internal interface IUnitKey
{
    /// <summary>The key, by an identifier that whoever says it has made up: the samples may name another one.</summary>
    KeyId Id { get; }
}
