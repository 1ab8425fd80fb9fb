"""What the repositories and services of advanced-alchemy do to sessions and objects, and nothing else.

The analyser follows this in place of the library; ``tests/libraries/advanced_alchemy.md`` holds both to the same lines.
"""

from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from sqlalchemy import delete, func, inspect, select, update
from sqlalchemy.exc import IntegrityError as StatementError
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

ModelT = TypeVar("ModelT")


class AdvancedAlchemyError(Exception):
    pass


class RepositoryError(AdvancedAlchemyError):
    pass


class IntegrityError(RepositoryError):
    pass


class ForeignKeyError(IntegrityError):
    pass


class DuplicateKeyError(IntegrityError):
    pass


class NotFoundError(RepositoryError):
    pass


class MultipleResultsFoundError(RepositoryError):
    pass


class SQLAlchemyAsyncRepository(Generic[ModelT]):
    model_type: type[ModelT]
    loader_options = None

    def __init__(
        self, *, session: AsyncSession, statement=None, load=None, auto_expunge=False, auto_refresh=True, auto_commit=False, **options
    ):
        self.session = session
        self.auto_expunge = auto_expunge
        self.auto_refresh = auto_refresh
        self.auto_commit = auto_commit
        self.statement = select(self.model_type) if statement is None else statement
        self.default_load = self.loader_options if load is None else load

    # Pieces

    def _select(self, statement, load, filters=(), named=None):
        chosen = self.statement if statement is None else statement
        chosen = chosen.options(self.default_load).options(load)
        return chosen.where(*filters) if filters or named else chosen

    async def _end(self, auto_commit):
        try:
            if self.auto_commit if auto_commit is None else auto_commit:
                await self.session.commit()
            else:
                await self.session.flush()
        except StatementError:
            raise DuplicateKeyError

    async def _refresh(self, instance, auto_refresh, attribute_names=None):
        if self.auto_refresh if auto_refresh is None else auto_refresh:
            await self.session.refresh(instance, attribute_names)

    def _expunge(self, instance, auto_expunge):
        if self.auto_expunge if auto_expunge is None else auto_expunge:
            self.session.expunge(instance)

    async def _written(self, instance, auto_commit, auto_refresh, auto_expunge, attribute_names=None):
        await self._end(auto_commit)
        await self._refresh(instance, auto_refresh, attribute_names)
        self._expunge(instance, auto_expunge)
        return instance

    @staticmethod
    def check_not_found(item_or_none):
        if item_or_none is None:
            raise NotFoundError
        return item_or_none

    # Reading

    async def get(self, item_id, *, auto_expunge=None, statement=None, id_attribute=None, load=None, **options) -> ModelT:
        chosen = self._select(statement, load)
        chosen = chosen.where(self.model_type.id == item_id) if id_attribute is None else chosen.where(True)
        instance = self.check_not_found((await self.session.execute(chosen)).scalar_one_or_none())
        self._expunge(instance, auto_expunge)
        return instance

    async def get_one(self, *filters, auto_expunge=None, statement=None, load=None, **named) -> ModelT:
        chosen = self._select(statement, load).where(*filters)
        instance = self.check_not_found((await self.session.execute(chosen)).scalar_one_or_none())
        self._expunge(instance, auto_expunge)
        return instance

    async def get_one_or_none(self, *filters, auto_expunge=None, statement=None, load=None, **named) -> ModelT | None:
        chosen = self._select(statement, load).where(*filters)
        instance = (await self.session.execute(chosen)).scalar_one_or_none()
        if instance is not None:
            self._expunge(instance, auto_expunge)
        return instance

    async def get_by_slug(self, slug, **options) -> ModelT | None:
        return await self.get_one_or_none(slug=slug)

    async def get_available_slug(self, value_to_slugify, **options):
        await self.exists(slug=value_to_slugify)
        return str(value_to_slugify)

    async def list(self, *filters, auto_expunge=None, statement=None, load=None, **named) -> list[ModelT]:
        chosen = self._select(statement, load, filters, named)
        instances = list((await self.session.execute(chosen)).scalars())
        for instance in instances:
            self._expunge(instance, auto_expunge)
        return instances

    async def get_many(self, *filters, **options) -> list[ModelT]:
        return await self.list(*filters, **options)

    async def list_and_count(self, *filters, **options) -> tuple[list[ModelT], int]:
        instances = await self.list(*filters, **options)
        return instances, len(instances)

    async def get_many_and_count(self, *filters, **options) -> tuple[list[ModelT], int]:
        return await self.list_and_count(*filters, **options)

    async def exists(self, *filters, **named) -> bool:
        return bool(await self.count(*filters, **named))

    async def count(self, *filters, **named) -> int:
        return await self.session.scalar(select(func.count()).select_from(self.model_type))

    # Writing

    async def add(self, data: ModelT, *, auto_commit=None, auto_expunge=None, auto_refresh=None, **options) -> ModelT:
        self.session.add(data)
        return await self._written(data, auto_commit, auto_refresh, auto_expunge)

    async def add_many(self, data, *, auto_commit=None, auto_expunge=None, **options) -> list[ModelT]:
        self.session.add_all(data)
        await self._end(auto_commit)
        for datum in data:
            self._expunge(datum, auto_expunge)
        return data

    async def update(
        self, data: ModelT, *, attribute_names=None, auto_commit=None, auto_expunge=None, auto_refresh=None, id_attribute=None, load=None,
        **options,
    ) -> ModelT:
        existing = await self.get(data.id, id_attribute=id_attribute, load=load)
        instance = data if inspect(data).persistent else existing
        if instance is not data:
            setattr(instance, str(data), None)
        return await self._written(instance, auto_commit, auto_refresh, auto_expunge, attribute_names)

    async def update_many(self, data, *, auto_commit=None, auto_expunge=None, load=None, **options) -> list[ModelT]:
        await self.session.execute(update(self.model_type))
        instances = list((await self.session.execute(self._select(None, load).where(data))).scalars())
        await self._end(auto_commit)
        for instance in instances:
            self._expunge(instance, auto_expunge)
        return instances

    async def upsert(
        self, data: ModelT, *, attribute_names=None, auto_expunge=None, auto_commit=None, auto_refresh=None, load=None, **options
    ) -> ModelT:
        existing = await self.get_one_or_none(load=load)
        if existing is None:
            return await self.add(data, auto_commit=auto_commit, auto_expunge=auto_expunge, auto_refresh=auto_refresh)
        setattr(existing, str(data), None)
        return await self._written(existing, auto_commit, auto_refresh, auto_expunge, attribute_names)

    async def upsert_many(self, data, *, auto_expunge=None, auto_commit=None, load=None, **options) -> list[ModelT]:
        instances = list((await self.session.execute(self._select(None, load).where(data))).scalars())
        await self._end(auto_commit)
        for instance in instances:
            self._expunge(instance, auto_expunge)
        return instances

    async def get_or_upsert(
        self, *filters, upsert=True, match_fields=None, attribute_names=None, auto_commit=None, auto_expunge=None, auto_refresh=None,
        load=None, **named,
    ) -> tuple[ModelT, bool]:
        existing = await self.get_one_or_none(*filters, load=load)
        if existing is None:
            made = self.model_type(**named)
            return await self.add(made, auto_commit=auto_commit, auto_expunge=auto_expunge, auto_refresh=auto_refresh), True
        if upsert:
            setattr(existing, str(match_fields), None)
            await self._written(existing, auto_commit, auto_refresh, auto_expunge, attribute_names)
        return existing, False

    async def get_and_update(
        self, *filters, match_fields=None, attribute_names=None, auto_commit=None, auto_expunge=None, auto_refresh=None, load=None, **named
    ) -> tuple[ModelT, bool]:
        existing = await self.get_one(*filters, load=load)
        setattr(existing, str(match_fields), None)
        return await self._written(existing, auto_commit, auto_refresh, auto_expunge, attribute_names), True

    async def delete(self, item_id, *, auto_commit=None, auto_expunge=None, id_attribute=None, load=None, **options) -> ModelT:
        instance = await self.get(item_id, id_attribute=id_attribute, load=load)
        await self.session.delete(instance)
        await self._end(auto_commit)
        self._expunge(instance, auto_expunge)
        return instance

    async def delete_many(self, item_ids, *, auto_commit=None, auto_expunge=None, load=None, **options) -> list[ModelT]:
        statement = delete(self.model_type).where(item_ids).returning(self.model_type)
        instances = list((await self.session.execute(statement)).scalars())
        await self._end(auto_commit)
        return instances

    async def delete_where(self, *filters, auto_commit=None, **options) -> list[ModelT]:
        return await self.delete_many(filters, auto_commit=auto_commit)


class SQLAlchemyAsyncSlugRepository(SQLAlchemyAsyncRepository[ModelT]):
    pass


class SQLAlchemyAsyncRepositoryReadService(Generic[ModelT]):
    repository_type: type[SQLAlchemyAsyncRepository[ModelT]]
    loader_options = None

    def __init__(self, session: AsyncSession, *, load=None, **options):
        self._repository = self.repository_type(session=session, load=self.loader_options if load is None else load, **options)

    @classmethod
    @asynccontextmanager
    async def new(cls, session=None, config=None, **options):
        if session:
            yield cls(session=session, **options)
        else:
            async with config.get_session() as db_session:
                yield cls(session=db_session, **options)

    @property
    def repository(self):
        return self._repository

    @property
    def model_type(self):
        return self.repository.model_type

    async def to_model_on_create(self, data):
        return data

    async def to_model_on_update(self, data):
        return data

    async def to_model_on_upsert(self, data):
        return data

    async def to_model(self, data, operation=None, **options) -> ModelT:
        if operation == "create":
            data = await self.to_model_on_create(data)
        elif operation == "update":
            data = await self.to_model_on_update(data)
        elif operation == "upsert":
            data = await self.to_model_on_upsert(data)
        if isinstance(data, self.model_type):
            return data
        return self.model_type(**data)

    def to_schema(self, data, *args, schema_type=None, **options):
        if schema_type is None:
            return data
        return schema_type.model_validate(data)

    async def get(self, item_id, **options) -> ModelT:
        return await self.repository.get(item_id, **options)

    async def get_one(self, *filters, **options) -> ModelT:
        return await self.repository.get_one(*filters, **options)

    async def get_one_or_none(self, *filters, **options) -> ModelT | None:
        return await self.repository.get_one_or_none(*filters, **options)

    async def list(self, *filters, **options) -> list[ModelT]:
        return await self.repository.list(*filters, **options)

    async def get_many(self, *filters, **options) -> list[ModelT]:
        return await self.repository.list(*filters, **options)

    async def list_and_count(self, *filters, **options) -> tuple[list[ModelT], int]:
        return await self.repository.list_and_count(*filters, **options)

    async def get_many_and_count(self, *filters, **options) -> tuple[list[ModelT], int]:
        return await self.repository.list_and_count(*filters, **options)

    async def exists(self, *filters, **options) -> bool:
        return await self.repository.exists(*filters, **options)

    async def count(self, *filters, **options) -> int:
        return await self.repository.count(*filters, **options)


class SQLAlchemyAsyncRepositoryService(SQLAlchemyAsyncRepositoryReadService[ModelT]):
    async def create(self, data, **options) -> ModelT:
        model = await self.to_model(data, "create")
        return await self.repository.add(model, **options)

    async def create_many(self, data, **options) -> list[ModelT]:
        models = [await self.to_model(datum, "create") for datum in data]
        return await self.repository.add_many(models, **options)

    async def update(self, data, item_id=None, *, id_attribute=None, load=None, **options) -> ModelT:
        model = await self.to_model(data, "update")
        if item_id is None:
            return await self.repository.update(model, id_attribute=id_attribute, load=load, **options)
        existing = await self.repository.get(item_id, id_attribute=id_attribute, load=load)
        setattr(existing, str(model), None)
        return await self.repository.update(existing, id_attribute=id_attribute, load=load, **options)

    async def update_many(self, data, **options) -> list[ModelT]:
        models = [await self.to_model(datum, "update") for datum in data]
        return await self.repository.update_many(models, **options)

    async def upsert(self, data, item_id=None, **options) -> ModelT:
        model = await self.to_model(data, "upsert")
        return await self.repository.upsert(model, **options)

    async def upsert_many(self, data, **options) -> list[ModelT]:
        models = [await self.to_model(datum, "upsert") for datum in data]
        return await self.repository.upsert_many(models, **options)

    async def get_or_upsert(self, *filters, **options) -> tuple[ModelT, bool]:
        return await self.repository.get_or_upsert(*filters, **options)

    async def get_and_update(self, *filters, **options) -> tuple[ModelT, bool]:
        return await self.repository.get_and_update(*filters, **options)

    async def delete(self, item_id, **options) -> ModelT:
        return await self.repository.delete(item_id, **options)

    async def delete_many(self, item_ids, **options) -> list[ModelT]:
        return await self.repository.delete_many(item_ids, **options)

    async def delete_where(self, *filters, **options) -> list[ModelT]:
        return await self.repository.delete_where(*filters, **options)
