namespace Keyway.Licensing.Steps;

/// <summary>A step with templates in its settings.</summary>
internal interface INamesValues
{
    /// <summary>What they name.</summary>
    IEnumerable<string> Names { get; }
}
