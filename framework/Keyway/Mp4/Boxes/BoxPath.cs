namespace Keyway.Mp4.Boxes;

/// <summary>Where a box stands: the four-character codes of its parents. Made for container boxes only, spelled out only when something is wrong.</summary>
internal sealed class BoxPath
{
    private readonly BoxPath? _parent;
    private readonly uint _type;

    private BoxPath(BoxPath? parent, uint type)
    {
        _parent = parent;
        _type = type;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    /// <summary>The file itself.</summary>
    public static BoxPath Root { get; } = new(null, 0);

    /// <summary>How many boxes lie around.</summary>
    public int Depth { get; }

    public BoxPath Into(uint type) => new(this, type);

    public string With(uint type) => _parent is null ? FourCc.Text(type) : $"{this}/{FourCc.Text(type)}";

    public override string ToString() => _parent is null ? "" : _parent.With(_type);
}
