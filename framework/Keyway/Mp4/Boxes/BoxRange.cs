namespace Keyway.Mp4.Boxes;

/// <summary>Where a box lies in its buffer.</summary>
internal readonly record struct BoxRange(int Start, int Length)
{
    public int End => Start + Length;
}
