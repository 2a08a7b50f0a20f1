/*
 * The table as JSON: one object a scenario, in it one for the simulator, QEMU's device, a machine.
 */
#include "replay.h"

#include <jansson.h>
#include "command.h"
#include "target.h"

static json_t *differences_of(const struct replay_cell *cell)
{
    json_t *all = json_array();

    for (size_t i = 0; i < cell->difference_count && i < REPLAY_CELL_DIFFERENCES_MAX; i++)
        json_array_append_new(all, json_string(cell->difference[i]));
    return all;
}

static json_t *cell_object(const struct replay_cell *cell)
{
    json_t *object = json_pack("{s:s}", "state", replay_cell_word(cell->state));

    if (cell->reason[0])
        json_object_set_new(object, "reason", json_string(cell->reason));
    if (cell->state != REPLAY_CELL_RAN && cell->state != REPLAY_CELL_AGREES &&
        cell->state != REPLAY_CELL_DIFFERS)
        return object;
    json_object_set_new(object, "calls", json_string(cell->calls));
    json_object_set_new(object, "screen", json_string(cell->screen));
    if (cell->state != REPLAY_CELL_RAN)
        json_object_set_new(object, "pixels_compared", json_integer((json_int_t)cell->pixels));
    if (cell->values > 0)
        json_object_set_new(object, "values_compared", json_integer((json_int_t)cell->values));
    if (cell->named[0])
        json_object_set_new(object, "named_difference", json_string(cell->named));
    if (cell->interrupts >= 0)
        json_object_set_new(object, "interrupts", json_integer(cell->interrupts));
    json_object_set_new(object, "differences", differences_of(cell));
    json_object_set_new(object, "milliseconds",
                        json_pack("{s:i, s:i, s:i, s:i}", "simulator", (int)cell->simulator_ms,
                                  "start", (int)cell->start_ms, "driver", (int)cell->guest_ms,
                                  "screen", (int)cell->screen_ms));
    return object;
}

static json_t *table_object(const struct replay_matrix *matrix)
{
    json_t *rows = json_array();

    for (size_t row = 0; row < matrix->scenario_count; row++) {
        const struct scenario *scenario = matrix->scenario[row];
        json_t *machines = json_object();
        json_t *object = json_pack("{s:s, s:s, s:i}", "scenario", scenario->name, "path",
                                   scenario->path, "version", (int)scenario->device.version);
        for (size_t column = 0; column < replay_columns(matrix); column++) {
            const struct replay_side side = replay_side(matrix, column);
            json_object_set_new(side.kind == REPLAY_MACHINE ? machines : object,
                                replay_side_name(&side),
                                cell_object(replay_cell(matrix, row, column)));
        }
        json_object_set_new(object, "machines", machines);
        json_array_append_new(rows, object);
    }
    return json_pack("{s:o, s:I}", "scenarios", rows, "elapsed_milliseconds",
                     (json_int_t)matrix->elapsed_ms);
}

bool replay_matrix_json(const struct replay_matrix *matrix, const char *path)
{
    struct whole_file file;

    if (!whole_file_open(&file, path))
        return false;
    json_t *table = table_object(matrix);
    bool written = table && json_dumpf(table, file.stream, JSON_INDENT(1)) == 0 &&
                   fputc('\n', file.stream) != EOF;
    json_decref(table);
    return whole_file_close(&file, written) && written;
}
