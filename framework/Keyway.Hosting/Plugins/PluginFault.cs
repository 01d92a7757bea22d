namespace Keyway.Hosting.Plugins;

/// <summary>Why a plugin is not loaded.</summary>
public enum PluginFault
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>Discovery: configuration requires it, and no folder has it.</summary>
    NotFound,

    /// <summary>Discovery: its folder cannot be read.</summary>
    Unreadable,

    /// <summary>Discovery: no assembly of the folder carries the attribute.</summary>
    NoEntry,

    /// <summary>Discovery: more than one assembly of the folder carries the attribute.</summary>
    SeveralEntries,

    /// <summary>Discovery: the attribute names no id, no entry type or no contract version that can be understood.</summary>
    MalformedAttribute,

    /// <summary>Discovery: another folder has a plugin of this id.</summary>
    DuplicateId,

    /// <summary>Discovery: configuration does not name it.</summary>
    NotAllowed,

    /// <summary>Discovery: others than root and the user who runs the host own its files or a folder above them, or may write to them.</summary>
    WritableByOthers,

    /// <summary>Discovery: its files are not those that configuration pins.</summary>
    PinMismatch,

    /// <summary>Contract: it was built against a version of the contract that this host does not offer.</summary>
    ContractMismatch,

    /// <summary>Contract: its folder has a contract assembly of its own.</summary>
    ShipsContract,

    /// <summary>Contract: its folder has a newer version of an assembly that host and plugins share.</summary>
    NewerDependency,

    /// <summary>Load: its assembly, or one that it needs, cannot be loaded.</summary>
    LoadFailed,

    /// <summary>Load: its entry type is missing or is no plugin.</summary>
    NotAPlugin,

    /// <summary>Configure: its constructor has thrown.</summary>
    ConstructorThrew,

    /// <summary>Configure: its <c>Configure</c> has thrown.</summary>
    ConfigureThrew,

    /// <summary>Configure: it registers a name that is taken.</summary>
    DuplicateName,

    /// <summary>Configure: its constructor or its <c>Configure</c> has not come back in time.</summary>
    Hangs,

    /// <summary>Configure: a new version cannot do what configuration asks of the one that it would replace.</summary>
    CannotReplace,
}
