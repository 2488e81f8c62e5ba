namespace StreamUsage.Sqlite;

/// <summary>Specifies what sums are grouped by.</summary>
[Flags]
public enum UsageGrouping
{
    /// <summary>Nothing: one sum.</summary>
    None = 0,

    /// <summary>The hour, in UTC, in which a response started.</summary>
    Hour = 1,

    /// <summary>The day, in UTC, on which a response started.</summary>
    Day = 2,

    /// <summary>The user.</summary>
    User = 4,

    /// <summary>The API key.</summary>
    ApiKey = 8,

    /// <summary>The model that answered, else the one that was asked for.</summary>
    Model = 16,

    /// <summary>The provider.</summary>
    Provider = 32,
}
