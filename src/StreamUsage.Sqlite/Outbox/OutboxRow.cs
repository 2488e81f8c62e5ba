namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents a row of an outbox's file.</summary>
internal readonly record struct OutboxRow(long Position, string Id, int State, string Process, string? FailedAt, byte[] Json)
{
    public bool IsOpen => State == 0;
}
