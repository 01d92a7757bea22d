namespace Keyway.Cdm.Child;

/// <summary>The child is gone.</summary>
/// <param name="end">How.</param>
internal sealed class ChildLostException(ChildEnd end) : Exception(end.Reason)
{
    public ChildEnd End { get; } = end;
}
